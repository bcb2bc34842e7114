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
        owner
    from {{ source('insights', 'anomalies') }}
    union all
    select
        warning_id as anomaly_id,
        kpi,
        owner
    from {{ source('insights', 'early_warnings') }}

),

-- An incident that vanishes without one order or customer, or may be a fault in the data.
failed_checks as (

    select
        incident_id,
        count(*) as failed_checks
    from {{ source('insights', 'incident_checks') }}
    where verdict in ('found', 'vanishes', 'shaky', 'suspected')
    group by incident_id

)

select
    incidents.period_start,
    incidents.severity,
    incidents.confidence,
    incidents.impact,
    incidents.favourability,
    findings.owner,
    incidents.headline,
    coalesce(failed_checks.failed_checks, 0) as failed_checks,
    incidents.root_cause,
    incidents.incident_id
from incidents
left join findings on incidents.lead_anomaly_id = findings.anomaly_id
left join failed_checks on incidents.incident_id = failed_checks.incident_id
order by incidents.period_end desc, incidents.confidence desc
