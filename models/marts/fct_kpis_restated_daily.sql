-- One row per KPI, segment and calendar day: the KPI as known on the day, and after later
-- cancellations are put back to the day of the sale.
{%- set of_returns = [] -%}
{% for kpi in kpi_definitions() if measure_of_returns(kpi.numerator) -%}
{%- do of_returns.append("'" ~ kpi.kpi ~ "'") -%}
{%- endfor %}
with

kpis as (

    select * from {{ ref('fct_kpis_daily') }}

),

remeasured as (

    {{ kpi_table('daily', ref('fct_measures_restated_daily')) }}

),

-- A share of what was sold stays one: returns move to their sale, which is not taken away as well.
restated as (

    select
        kpis.*,
        remeasured.numerator as restated_numerator,
        case
            when kpis.kpi in ({{ of_returns | join(', ') or 'null' }}) then kpis.denominator
            else remeasured.denominator
        end as restated_denominator
    from kpis
    inner join remeasured
        on
            kpis.kpi = remeasured.kpi
            and kpis.segment = remeasured.segment
            and kpis.period_start = remeasured.period_start

),

final as (

    select
        kpi,
        segment,
        period_start,
        value,
        case
            when denominator is null then cast(restated_numerator as double)
            else
                cast(restated_numerator as double)
                / nullif(cast(restated_denominator as double), 0)
        end as restated_value,
        cast(numerator as decimal(38, 8)) as numerator,
        cast(restated_numerator as decimal(38, 8)) as restated_numerator,
        cast(denominator as decimal(38, 8)) as denominator,
        cast(restated_denominator as decimal(38, 8)) as restated_denominator,
        is_complete
    from restated

)

select * from final
