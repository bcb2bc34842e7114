-- One row per invoice, day, country and customer: in practice one per invoice. All KPIs are
-- measured on this table.
with

order_lines as (

    select * from {{ ref('fct_order_lines') }}
    where line_type in ('sale', 'return')

),

daily_top_products as (

    select * from {{ ref('int_top_products__daily') }}

),

weekly_top_products as (

    select * from {{ ref('int_top_products__weekly') }}

),

lines as (

    select
        order_lines.*,
        case when daily_top_products.product is not null then order_lines.gross_revenue end
            as top_product_revenue_daily,
        case when weekly_top_products.product is not null then order_lines.gross_revenue end
            as top_product_revenue_weekly
    from order_lines
    left join daily_top_products
        on
            order_lines.product = daily_top_products.product
            and order_lines.order_date = daily_top_products.period_start
    left join weekly_top_products
        on
            order_lines.product = weekly_top_products.product
            and {{ period_start('order_lines.order_date', 'week') }}
            = weekly_top_products.period_start

),

final as (

    select
        invoice_no,
        order_date,
        customer_id,
        country,
        market,
        region,
        customer_type,
        order_size,
        order_number,
        is_first_order,
        min(ordered_at) as ordered_at,
        max(case when line_type = 'sale' then 1 else 0 end) = 1 as is_sale,
        cast(sum(gross_revenue) as decimal(38, 8)) as gross_revenue,
        cast(sum(returned_revenue) as decimal(38, 8)) as returned_revenue,
        cast(sum(net_revenue) as decimal(38, 8)) as net_revenue,
        cast(coalesce(sum(top_product_revenue_daily), 0) as decimal(38, 8))
            as top_product_revenue_daily,
        cast(coalesce(sum(top_product_revenue_weekly), 0) as decimal(38, 8))
            as top_product_revenue_weekly,
        cast(sum(units) as bigint) as units,
        count(*) as lines
    from lines
    group by
        invoice_no, order_date, customer_id, country, market, region, customer_type, order_size,
        order_number, is_first_order

)

select * from final
