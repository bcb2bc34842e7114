{#
    Periods in which a segment table does not add up to the measures of a KPI. Counts are spread as
    fractions, so they may differ by rounding.
#}
{% macro segments_against_kpis(kpi_relation, segment_relation, grain) %}
{%- set columns = kpi_measures(grain) | map(attribute='column') | list -%}
with

kpis as (

    select * from {{ kpi_relation }}
    where segment = 'all'

),

segments as (

    select
        period_start
        {%- for column in columns %},
        cast(sum({{ column }}) as double) as {{ column }}
        {%- endfor %}
    from {{ segment_relation }}
    group by period_start

),

compared as (

    select
        kpis.kpi,
        kpis.period_start,
        kpis.numerator,
        kpis.denominator,
        case kpis.kpi
            {%- for kpi in kpi_definitions() %}
            when '{{ kpi.kpi }}' then coalesce(segments.{{ measure_column(kpi.numerator) }}, 0)
            {%- endfor %}
        end as numerator_of_segments,
        case kpis.kpi
            when null then null
            {%- for kpi in kpi_definitions() if kpi.denominator %}
            when '{{ kpi.kpi }}' then coalesce(segments.{{ measure_column(kpi.denominator) }}, 0)
            {%- endfor %}
        end as denominator_of_segments
    from kpis
    left join segments on kpis.period_start = segments.period_start

),

final as (

    select * from compared
    where
        abs(cast(numerator as double) - numerator_of_segments) > 0.00005
        or abs(cast(denominator as double) - denominator_of_segments) > 0.00005

)

select * from final
{% endmacro %}
