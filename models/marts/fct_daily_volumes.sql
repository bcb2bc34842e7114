-- One row per trading day: how many order lines came in, and how many usually did before.
with

orders as (

    select * from {{ ref('fct_orders') }}

),

dates as (

    select * from {{ ref('dim_dates') }}

),

days as (

    select
        orders.order_date as date_day,
        cast(sum(orders.lines) as bigint) as lines
    from orders
    inner join dates on orders.order_date = dates.date_day
    where dates.is_trading_day
    group by orders.order_date

),

-- A day is measured by the trading days before it, never by itself or by what came later.
compared as (

    select
        date_day,
        lines,
        count(*) over recent as days_before,
        cast(avg(lines) over recent as double) as mean_before
    from days
    window recent as (
        order by date_day rows between {{ var('volume_days') }} preceding and 1 preceding
    )

),

final as (

    select
        compared.date_day,
        compared.lines,
        case
            when compared.days_before = {{ var('volume_days') }} then compared.mean_before
        end as expected_lines,
        dates.is_complete,
        coalesce(
            dates.is_complete
            and compared.days_before = {{ var('volume_days') }}
            and (
                compared.lines * {{ var('volume_factor') }} < compared.mean_before
                or compared.lines > compared.mean_before * {{ var('volume_factor') }}
            ),
            false
        ) as is_unusual
    from compared
    inner join dates on compared.date_day = dates.date_day

)

select * from final
