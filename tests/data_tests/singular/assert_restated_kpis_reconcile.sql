-- KPIs whose restatement does not reconcile, to the last digit: what was known on the day must be
-- the KPI table's, and only what did not stay sold may leave the total of what is measured. Orders
-- and customers may become fewer, never more; of a measure of one's own nobody knows.
with

kpis as (

    select
        kpi,
        sum(numerator) as total
    from {{ ref('fct_kpis_daily') }}
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

measures as (

    select
        kpi,
        numerator_measure as measure
    from {{ ref('dim_kpis') }}

),

reversals as (

    select
        coalesce(sum(cast(cancelled_quantity as decimal(38, 8))), 0) as pieces,
        coalesce(sum(cancelled_amount), 0) as amount
    from {{ ref('fct_reversals') }}

),

final as (

    select
        kpis.kpi,
        kpis.total as expected,
        restated.known,
        case
            when measures.measure = 'units' then restated.total + reversals.pieces
            when measures.measure = 'gross_revenue' then restated.total + reversals.amount
            when measures.measure in ('net_revenue', 'identified_revenue', 'returned_revenue')
                then restated.total
            when
                measures.measure in (
                    'orders', 'active_customers', 'repeat_customers', 'new_customers',
                    'top_product_revenue'
                )
                then greatest(restated.total, kpis.total)
            else kpis.total
        end as restated
    from kpis
    inner join measures on kpis.kpi = measures.kpi
    left join restated on kpis.kpi = restated.kpi
    cross join reversals

)

select * from final
where coalesce(known != expected, true) or coalesce(restated != expected, true)
