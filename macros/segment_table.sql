{#
    The additive measures by period and every dimension at once. Counts of distinct things are
    spread over the rows that share them (a customer with four lines is a quarter in each), so they
    add up whatever the grouping. Shares are whole numbers of 1e-15 until they are summed: a sum
    of DOUBLEs would depend in its last digit on the order that the rows happen to come in.
#}
{% macro segment_table(granularity) %}
{%- set grain = {'day': 'daily', 'week': 'weekly'}[granularity] -%}
{%- set changed_periods = periods_to_segment(granularity) -%}
{%- set whole = '1.0e15' -%}
with

order_lines as (

    select
        *,
        {{ period_start('order_date', granularity) }} as period_start,
        line_type = 'sale' as is_sale,
        line_type = 'sale' and order_number > 1 as is_repeat,
        line_type = 'sale' and is_first_order as is_first
    from {{ ref('fct_order_lines') }}
    where
        line_type in ('sale', 'return')
        {%- if is_incremental() %}
        and {{ in_periods(period_start('order_date', granularity), periods_of(changed_periods)) }}
        {%- endif %}

),

signatures as (

    {{ segment_signatures(granularity) }}

),

top_products as (

    select * from {{ ref('int_top_products__' ~ grain) }}

),

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
                then cast(floor({{ whole }} / {{ count }} + 0.5e0) as decimal(18, 0))
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

),

final as (

    select
        weighted.period_start,
        country,
        region,
        market,
        product,
        category,
        customer_type,
        order_size,
        hour,
        cast(sum(gross_revenue) as decimal(38, 8)) as gross_revenue,
        cast(sum(returned_revenue) as decimal(38, 8)) as returned_revenue,
        cast(sum(net_revenue) as decimal(38, 8)) as net_revenue,
        cast(sum(case when customer_id is not null then net_revenue else 0 end) as decimal(38, 8))
            as identified_revenue,
        cast(
            sum(case when market = 'international' then net_revenue else 0 end) as decimal(38, 8)
        ) as international_revenue,
        cast(coalesce(sum(top_product_revenue), 0) as decimal(38, 8)) as top_product_revenue,
        cast(sum(units) as bigint) as units,
        cast(coalesce(sum(order_share), 0) as double) / {{ whole }} as orders,
        cast(coalesce(sum(customer_share), 0) as double) / {{ whole }} as active_customers,
        cast(coalesce(sum(repeat_share), 0) as double) / {{ whole }} as repeat_customers,
        cast(coalesce(sum(first_share), 0) as double) / {{ whole }} as new_customers,
        signatures.signature as built_from
    from weighted
    inner join signatures on weighted.period_start = signatures.period
    group by
        weighted.period_start, country, region, market, product, category, customer_type,
        order_size, hour, signatures.signature

)

select * from final
{% endmacro %}
