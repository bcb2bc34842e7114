-- One row per KPI and day with a sale: what the typical order shows beside the KPI.
with

sale_lines as (

    select * from {{ ref('fct_order_lines') }}
    where line_type = 'sale'

),

orders as (

    select
        order_date as period_start,
        invoice_no,
        cast(min(hour) as decimal(18, 8)) as hour,
        count(*) as lines,
        -- Decimals add up to the same in any order.
        sum(case when unit_price > 0 then cast(ln(unit_price) as decimal(18, 8)) end) as log_prices,
        count(case when unit_price > 0 then 1 end) as prices
    from sale_lines
    group by 1, 2

),

days as (

    select
        period_start,
        cast(sum(hour) as double) / count(*) as mean_hour,
        round(exp(cast(sum(log_prices) as double) / nullif(sum(prices), 0)), 6) as typical_price,
        cast(sum(lines) as double) / count(*) as lines_per_order
    from orders
    group by 1

),

final as (

    select
        'order_count' as kpi,
        'Mean hour of the orders' as label,
        'hours' as unit,
        'linear' as scale,
        period_start,
        mean_hour as value
    from days
    union all
    select
        'average_price' as kpi,
        'Typical price' as label,
        'currency' as unit,
        'log' as scale,
        period_start,
        typical_price as value
    from days
    union all
    select
        'items_per_order' as kpi,
        'Lines per order' as label,
        'items' as unit,
        'log' as scale,
        period_start,
        lines_per_order as value
    from days

)

select * from final
