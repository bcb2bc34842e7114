-- What does the surest anomaly break down to, dimension by dimension?
with

anomalies as (

    select * from {{ source('insights', 'anomalies') }}

),

attributions as (

    select * from {{ source('insights', 'attributions') }}
    where analysis = 'breakdown'

),

-- Put another anomaly_id here to ask about that one.
surest as (

    select * from anomalies
    order by confidence desc, anomaly_id asc
    limit 1

)

select
    surest.anomaly_id,
    surest.kpi,
    surest.period_start,
    surest.actual - surest.expected as change,
    attributions.dimensions,
    attributions.segment,
    attributions.contribution,
    attributions.share_of_change,
    attributions.effect,
    attributions.p_value
from surest
inner join attributions on surest.anomaly_id = attributions.anomaly_id
order by attributions.dimensions asc, attributions.rank asc
