-- Which KPIs could have dropped unseen, and how close are alert rates to nominal?
with

kpis as (

    select * from {{ ref('dim_kpis') }}

),

detection_limits as (

    select * from {{ source('insights', 'detection_limits') }}
    where segment = 'all'

),

-- Promises kept by all methods together: 1 in 20, 1 in 100, 1 in 200 ordinary periods.
promises as (

    select
        kpi,
        grain,
        sum(case when is_within then 1 else 0 end) as promises_kept,
        count(*) as promises,
        max(tests) as tests
    from {{ source('insights', 'calibration') }}
    where method = 'combined'
    group by kpi, grain

)

select
    kpis.kpi,
    kpis.owner,
    detection_limits.grain,
    detection_limits.period_start,
    detection_limits.expected,
    detection_limits.min_detectable_decrease,
    detection_limits.min_detectable_decrease is null as is_blind_to_any_drop,
    detection_limits.min_relative_decrease,
    promises.promises_kept,
    promises.promises,
    promises.tests
from detection_limits
inner join kpis
    on detection_limits.kpi = kpis.kpi and detection_limits.grain = kpis.cadence
left join promises
    on detection_limits.kpi = promises.kpi and detection_limits.grain = promises.grain
order by is_blind_to_any_drop desc, detection_limits.min_relative_decrease asc, kpis.kpi asc
