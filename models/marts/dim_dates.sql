-- One row per calendar day from the first order line to the last, and whether the shop traded and
-- the data cover it all.
with

order_lines as (

    select
        cast(ordered_at as date) as order_date,
        ordered_at,
        line_type
    from {{ ref('int_order_lines__classified') }}
    where reject_reason is null

),

holidays as (

    select * from {{ ref('dim_holidays') }}

),

bounds as (

    select
        min(order_date) as first_day,
        max(order_date) as last_day
    from order_lines

),

days as (

    {{ date_series('bounds') }}

),

-- Minutes since midnight of the last line of each day.
closing_times as (

    select
        order_date,
        max(extract(hour from ordered_at) * 60 + extract(minute from ordered_at)) as last_minute,
        max(case when line_type = 'sale' then 1 else 0 end) = 1 as is_trading_day
    from order_lines
    group by order_date

),

-- A last day that ends well before the shop ever closed in its previous {{ var('closing_days') }}
-- trading days stopped early.
usual_closing as (

    select min(last_minute) as earliest_minute
    from (
        select closing_times.last_minute
        from closing_times
        cross join bounds
        where closing_times.is_trading_day and closing_times.order_date < bounds.last_day
        order by closing_times.order_date desc
        limit {{ var('closing_days') }}
    ) as recent_days

),

final as (

    select
        days.date_day,
        {{ period_start('days.date_day', 'weekly') }} as week_start,
        cast({{ iso_weekday('days.date_day') }} as integer) as day_of_week,
        coalesce(closing_times.is_trading_day, false) as is_trading_day,
        holidays.holiday,
        coalesce(
            days.date_day < bounds.last_day
            or closing_times.last_minute
            >= usual_closing.earliest_minute - {{ var('closing_slack_minutes') }},
            true
        ) as is_complete
    from days
    cross join bounds
    cross join usual_closing
    left join closing_times on days.date_day = closing_times.order_date
    left join holidays on days.date_day = holidays.date_day

)

select * from final
