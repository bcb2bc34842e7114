-- What was net revenue on the day, and what is it with later cancellations put to the day of sale?
with

kpis as (

    select
        cast(date_trunc('month', period_start) as date) as month_start,
        sum(value) as net_revenue,
        sum(restated_value) as restated_net_revenue
    from {{ ref('fct_kpis_restated_daily') }}
    where kpi = 'total_revenue'
    group by cast(date_trunc('month', period_start) as date)

),

reversals as (

    select
        cast(date_trunc('month', order_date) as date) as month_start,
        count(*) as reversed_lines,
        sum(cancelled_amount) as reversed_amount,
        sum(case when is_whole and minutes_between < 60 then cancelled_amount else 0 end)
            as reversed_within_the_hour,
        max(cancelled_amount) as largest_reversal
    from {{ ref('fct_reversals') }}
    group by cast(date_trunc('month', order_date) as date)

)

select
    kpis.month_start,
    kpis.net_revenue,
    kpis.restated_net_revenue,
    kpis.restated_net_revenue - kpis.net_revenue as change,
    coalesce(reversals.reversed_lines, 0) as reversed_lines,
    coalesce(reversals.reversed_amount, 0) as reversed_amount,
    coalesce(reversals.reversed_within_the_hour, 0) as reversed_within_the_hour,
    reversals.largest_reversal
from kpis
left join reversals on kpis.month_start = reversals.month_start
order by kpis.month_start asc
