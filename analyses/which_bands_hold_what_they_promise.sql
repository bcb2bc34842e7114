-- How much of what was tested lay within its usual range, which is made to hold 95 % of it?
with

tested as (

    select
        grain,
        kpi,
        case when segment = 'all' then 'whole shop' else 'segments' end as size,
        case when actual < lower then 1 else 0 end as is_below,
        case when actual > upper then 1 else 0 end as is_above
    from {{ source('insights', 'forecasts') }}
    where is_tested and actual is not null and lower is not null

),

each as (

    select * from tested
    union all
    select * replace ('all' as kpi) from tested

),

final as (

    select
        grain,
        size,
        kpi,
        count(*) as periods,
        1 - avg(is_below + is_above) as share_within,
        avg(is_below) as share_below,
        avg(is_above) as share_above
    from each
    group by grain, size, kpi

)

select * from final
order by grain asc, size asc, kpi != 'all' asc, share_within asc, kpi asc
