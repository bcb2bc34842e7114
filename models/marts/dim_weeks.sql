-- One row per ISO week (Monday) that the data touch, and whether they cover all seven of its days.
with

dates as (

    select * from {{ ref('dim_dates') }}

),

final as (

    select
        week_start,
        count(*) = 7 and min(case when is_complete then 1 else 0 end) = 1 as is_complete,
        cast(sum(case when is_trading_day then 1 else 0 end) as integer) as trading_days
    from dates
    group by week_start

)

select * from final
