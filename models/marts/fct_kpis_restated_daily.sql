-- One row per calendar day and KPI that cancellations touch: its value as known on the day, and
-- after later cancellations are put back to the day of the sale.
with

kpis as (

    select * from {{ ref('fct_kpis_daily') }}
    where kpi in ('total_revenue', 'units_sold', 'return_rate')

),

reversals as (

    select * from {{ ref('fct_reversals') }}

),

by_sale as (

    select
        order_date as period_start,
        sum(cancelled_amount) as amount,
        sum(cancelled_quantity) as quantity
    from reversals
    group by order_date

),

by_cancellation as (

    select
        cancelled_date as period_start,
        sum(cancelled_amount) as amount
    from reversals
    group by cancelled_date

),

moved as (

    select
        kpis.*,
        cast(coalesce(by_sale.amount, 0) as decimal(38, 8)) as returned_of_sales,
        cast(coalesce(by_cancellation.amount, 0) as decimal(38, 8)) as returned_on_day,
        cast(coalesce(by_sale.quantity, 0) as decimal(38, 8)) as pieces_of_sales
    from kpis
    left join by_sale on kpis.period_start = by_sale.period_start
    left join by_cancellation on kpis.period_start = by_cancellation.period_start

),

restated as (

    select
        *,
        case kpi
            when 'total_revenue' then numerator - returned_of_sales + returned_on_day
            when 'return_rate' then numerator + returned_of_sales - returned_on_day
            when 'units_sold' then numerator - pieces_of_sales
        end as restated_numerator
    from moved

),

final as (

    select
        kpi,
        period_start,
        value,
        case
            when denominator is null then cast(restated_numerator as double)
            else cast(restated_numerator as double) / nullif(cast(denominator as double), 0)
        end as restated_value,
        cast(numerator as decimal(38, 8)) as numerator,
        cast(restated_numerator as decimal(38, 8)) as restated_numerator,
        cast(denominator as decimal(38, 8)) as denominator,
        is_complete
    from restated

)

select * from final
