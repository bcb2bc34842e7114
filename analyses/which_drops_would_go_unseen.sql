-- Which KPIs could have dropped unseen, and how well are the promised alert rates kept?
with

kpis as (

    select * from {{ ref('dim_kpis') }}

),

blind_spots as (

    select * from {{ source('insights', 'blind_spots') }}
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
    blind_spots.grain,
    blind_spots.period_start,
    blind_spots.expected,
    blind_spots.smallest_down,
    blind_spots.smallest_down is null as is_blind_to_any_drop,
    blind_spots.down_change,
    promises.promises_kept,
    promises.promises,
    promises.tests
from blind_spots
inner join kpis
    on blind_spots.kpi = kpis.kpi and blind_spots.grain = kpis.cadence
left join promises
    on blind_spots.kpi = promises.kpi and blind_spots.grain = promises.grain
order by is_blind_to_any_drop desc, blind_spots.down_change asc, kpis.kpi asc
