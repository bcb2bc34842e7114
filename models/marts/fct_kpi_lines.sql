-- One row per sale or return line: what all KPIs are measured on.
{{ config(materialized='view' if target.type == 'duckdb' else 'table') }}
with

-- Without the name of the file, so that the view outlives its copying.
order_lines as (

    select * from {{ ref('fct_order_lines').include(database=false) }}
    where line_type in ('sale', 'return')

),

daily_top_products as (

    select * from {{ ref('int_top_products__daily').include(database=false) }}

),

weekly_top_products as (

    select * from {{ ref('int_top_products__weekly').include(database=false) }}

),

final as (

    select
        {{- public_line_columns('order_lines') }},
        case when daily_top_products.product is not null then order_lines.gross_revenue else 0 end
            as top_product_revenue_daily,
        case when weekly_top_products.product is not null then order_lines.gross_revenue else 0 end
            as top_product_revenue_weekly
    from order_lines
    left join daily_top_products
        on
            order_lines.product = daily_top_products.product
            and order_lines.order_date = daily_top_products.period_start
    left join weekly_top_products
        on
            order_lines.product = weekly_top_products.product
            and {{ period_start('order_lines.order_date', 'weekly') }}
            = weekly_top_products.period_start

)

select * from final
