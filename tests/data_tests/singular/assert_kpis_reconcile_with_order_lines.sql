-- Sums that the daily and the weekly KPI tables must share with the order lines: nothing lost or
-- counted twice on the way.
with

order_lines as (

    select
        sum(cast(net_revenue as decimal(38, 8))) as net_revenue,
        sum(cast(units as decimal(38, 8))) as units
    from {{ ref('fct_order_lines') }}

),

kpis as (

    select
        'daily' as grain,
        kpi,
        sum(numerator) as total
    from {{ ref('fct_kpis_daily') }}
    group by kpi
    union all
    select
        'weekly' as grain,
        kpi,
        sum(numerator) as total
    from {{ ref('fct_kpis_weekly') }}
    group by kpi

),

final as (

    select
        kpis.grain,
        kpis.kpi,
        kpis.total,
        case
            when kpis.kpi in ('total_revenue', 'revenue_by_country') then order_lines.net_revenue
            when kpis.kpi = 'units_sold' then order_lines.units
        end as expected
    from kpis
    cross join order_lines

)

select * from final
where total != expected
