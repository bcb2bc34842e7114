-- Which incidents need attention, the latest first, and what speaks against them?
with

incidents as (

    select * from {{ source('insights', 'incidents') }}
    where status = 'open'

),

findings as (

    select
        anomaly_id,
        kpi,
        favourability,
        owner
    from {{ source('insights', 'anomalies') }}
    union all
    select
        warning_id as anomaly_id,
        kpi,
        favourability,
        owner
    from {{ source('insights', 'early_warnings') }}

),

-- An incident that vanishes without one order or customer, or may be a fault in the data.
doubts as (

    select
        incident_id,
        count(*) as doubts
    from {{ source('insights', 'doubts') }}
    where verdict in ('found', 'vanishes', 'shaky', 'suspected')
    group by incident_id

)

select
    incidents.period_start,
    incidents.severity,
    incidents.confidence,
    findings.favourability,
    findings.owner,
    incidents.headline,
    coalesce(doubts.doubts, 0) as doubts,
    incidents.root_cause,
    incidents.incident_id
from incidents
left join findings on incidents.lead_anomaly_id = findings.anomaly_id
left join doubts on incidents.incident_id = doubts.incident_id
order by incidents.period_end desc, incidents.confidence desc
