{#
    CTEs between `order_lines` with `top_products` and the sums by segment: each line's share in its
    order and its customer, of the period.
#}
{% macro weighted_lines() -%}
lines_per_order as (

    select
        period_start,
        invoice_no,
        count(*) as sale_lines
    from order_lines
    where is_sale
    group by period_start, invoice_no

),

lines_per_customer as (

    select
        period_start,
        customer_id,
        count(*) as sale_lines,
        sum(case when is_repeat then 1 else 0 end) as repeat_lines,
        sum(case when is_first then 1 else 0 end) as first_lines
    from order_lines
    where is_sale and customer_id is not null
    group by period_start, customer_id

),

weighted as (

    select
        order_lines.*,
        {%- for share, condition, count in [
            ('order_share', 'is_sale', 'lines_per_order.sale_lines'),
            ('customer_share', 'is_sale', 'lines_per_customer.sale_lines'),
            ('repeat_share', 'is_repeat', 'lines_per_customer.repeat_lines'),
            ('first_share', 'is_first', 'lines_per_customer.first_lines'),
        ] %}
        case
            when order_lines.{{ condition }}
                then cast(floor({{ share_unit() }} / {{ count }} + 0.5e0) as decimal(18, 0))
        end as {{ share }},
        {%- endfor %}
        case when top_products.product is not null then order_lines.gross_revenue end
            as top_product_revenue
    from order_lines
    left join lines_per_order
        on
            order_lines.period_start = lines_per_order.period_start
            and order_lines.invoice_no = lines_per_order.invoice_no
    left join lines_per_customer
        on
            order_lines.period_start = lines_per_customer.period_start
            and order_lines.customer_id = lines_per_customer.customer_id
    left join top_products
        on
            order_lines.period_start = top_products.period_start
            and order_lines.product = top_products.product

)
{%- endmacro %}
