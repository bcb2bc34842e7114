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
        min(hour) as hour,
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
        row_number() over (order by period_start) as nth_day
    from (select distinct period_start from orders) as traded

),

late_hour as (

    {{ late_hour() }}

),

typical as (

    select
        orders.period_start,
        late_hour.hour as late_hour,
        case
            when min(days.nth_day) > 28
                then cast(count(case when orders.hour >= late_hour.hour then 1 end) as double)
                    / count(*)
        end as late_share,
        round(exp(cast(sum(orders.log_prices) as double) / nullif(sum(orders.prices), 0)), 6)
            as typical_price,
        cast(sum(orders.lines) as double) / count(*) as lines_per_order
    from orders
    inner join days on orders.period_start = days.period_start
    cross join late_hour
    group by 1, 2

),

repeated as (

    {{ repeated_lines() }}

),

final as (

    select
        'order_count' as kpi,
        concat('Share of orders after ', late_hour, ':00') as label,
        'ratio' as unit,
        'logit' as scale,
        period_start,
        late_share as value
    from typical
    union all
    select
        'average_price' as kpi,
        'Typical price' as label,
        'currency' as unit,
        'log' as scale,
        period_start,
        typical_price as value
    from typical
    union all
    select
        'items_per_order' as kpi,
        'Lines per order' as label,
        'items' as unit,
        'log' as scale,
        period_start,
        lines_per_order as value
    from typical

    union all
    select
        'units_sold' as kpi,
        'Share of repeated lines' as label,
        'ratio' as unit,
        'logit' as scale,
        period_start,
        repeated_share as value
    from repeated

)

select * from final
