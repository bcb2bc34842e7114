{#
    The long table of all KPIs at one grain, generated from the metrics under models/marts/kpis and
    the measures of the semantic model; `measured` has the rows to measure them on.
#}
{% macro kpi_table(grain, measured) %}
{%- set kpis = kpi_definitions() -%}
with

counted_lines as (

    select * from {{ measured }}

),

countries as (

    select country from {{ ref('dim_countries') }}

),

first_day as (

    select min(date_day) as date_day from {{ ref('dim_dates') }}

),

periods as (

    {% if grain == 'daily' -%}
    select
        date_day as period_start,
        is_complete
    from {{ ref('dim_dates') }}
    {%- else -%}
    select
        week_start as period_start,
        is_complete
    from {{ ref('dim_weeks') }}
    {%- endif %}

),

{{ measured_periods(grain) }},

kpis as (
    {% for kpi in kpis %}
    {%- set by_country = kpi.segment_by == 'country' %}
    -- {{ kpi.kpi }}
    select
        '{{ kpi.kpi }}' as kpi,
        {{ 'countries.country' if by_country else "'all'" }} as segment,
        periods.period_start,
        coalesce(measured.{{ measure_column(kpi.numerator) }}, 0) as numerator,
        {% if kpi.denominator -%}
        coalesce(measured.{{ measure_column(kpi.denominator) }}, 0) as denominator,
        {%- else -%}
        cast(null as decimal(38, 8)) as denominator,
        {%- endif %}
        {{ 'true' if kpi.type == 'ratio' else 'false' }} as is_ratio,
        periods.is_complete,
        periods.period_start < first_day.date_day + interval '{{ kpi.warm_up_days }}' day
            as is_warm_up
    from periods
    cross join first_day
    {%- if by_country %}
    cross join countries
    left join measured_by_country as measured
        on
            periods.period_start = measured.period_start
            and countries.country = measured.country
    {%- else %}
    left join measured on periods.period_start = measured.period_start
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        kpi,
        segment,
        period_start,
        case
            when is_ratio then cast(numerator as double) / nullif(cast(denominator as double), 0)
            else cast(numerator as double)
        end as value,
        numerator,
        denominator,
        is_complete,
        is_warm_up
    from kpis

)

select * from final
{% endmacro %}
