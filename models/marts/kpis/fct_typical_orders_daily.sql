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

first_hours as (

    select
        orders.hour,
        count(*) as orders
    from orders
    inner join days on orders.period_start = days.period_start
    where days.nth_day <= 28
    group by 1

),

passed as (

    select
        hour,
        sum(orders) over (order by hour rows between unbounded preceding and current row)
            as orders_so_far,
        sum(orders) over () as all_orders
    from first_hours

),

-- The hour by which three fifths of the orders of the first days had come; it stays.
late_hour as (

    select min(hour) + 1 as hour from passed
    where orders_so_far >= 0.6 * all_orders

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

counted as (

    select
        order_date as period_start,
        customer_id is not null as is_known,
        count(*) as lines
    from sale_lines
    group by order_date, customer_id, product, quantity, unit_price

),

repeated as (

    select
        period_start,
        sum(lines) as lines,
        sum(case when lines > 1 then lines else 0 end) as repeats,
        sum(case when is_known then lines else 0 end) as known_lines,
        sum(case when is_known and lines > 1 then lines else 0 end) as known_repeats
    from counted
    group by 1

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
        -- A half on either side keeps the odds of none and of all finite.
        case
            when known_lines >= 20
                then (cast(known_repeats as double) + 0.5) / (known_lines + 1)
            else (cast(repeats as double) + 0.5) / (lines + 1)
        end as value
    from repeated

)

select * from final
