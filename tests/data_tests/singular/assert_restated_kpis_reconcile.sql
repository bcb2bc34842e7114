-- KPIs whose restatement does not reconcile, to the last digit: what was known on the day must be
-- the KPI table's, and only the pieces that did not stay sold may leave the total.
with

kpis as (

    select
        kpi,
        sum(numerator) as total
    from {{ ref('fct_kpis_daily') }}
    where kpi in ('total_revenue', 'units_sold', 'return_rate')
    group by kpi

),

restated as (

    select
        kpi,
        sum(numerator) as known,
        sum(restated_numerator) as total
    from {{ ref('fct_kpis_restated_daily') }}
    group by kpi

),

reversals as (

    select coalesce(sum(cast(cancelled_quantity as decimal(38, 8))), 0) as pieces
    from {{ ref('fct_reversals') }}

),

final as (

    select
        kpis.kpi,
        kpis.total as expected,
        restated.known,
        restated.total + case when kpis.kpi = 'units_sold' then reversals.pieces else 0 end
            as restated
    from kpis
    left join restated on kpis.kpi = restated.kpi
    cross join reversals

)

select * from final
where coalesce(known != expected, true) or coalesce(restated != expected, true)
