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
        count(*) as lines
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
        cast(sum(orders.lines) as double) / count(*) as lines_per_order
    from orders
    inner join days on orders.period_start = days.period_start
    cross join late_hour
    group by 1, 2

),

repeated as (

    {{ repeated_lines() }}

),

prices as (

    {{ like_for_like_prices() }}

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
        'Prices of the same products (100: their recent price)' as label,
        'index' as unit,
        'log' as scale,
        period_start,
        price_index as value
    from prices
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
    union all
    select
        'return_rate' as kpi,
        'Orders that send something back (none counts as 0.5)' as label,
        'items' as unit,
        'log' as scale,
        period_start,
        returned_orders as value
    from ({{ returned_orders() }}) as returns

)

select * from final
