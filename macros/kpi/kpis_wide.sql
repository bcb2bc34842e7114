{#
    One row per period with a column of each KPI, in their order: what BI tools take without a
    pivot.
#}
{% macro kpis_wide(grain) %}
{%- set kpis = kpi_definitions() | rejectattr('segment_by') | sort(attribute='place') -%}
with

-- Without the name of the file, so that the view outlives its copying.
kpis as (

    select * from {{ ref('fct_kpis_' ~ grain).include(database=false) }}
    where segment = 'all'

),

final as (

    select
        period_start,
        min(is_complete) as is_complete
        {%- for kpi in kpis %},
        max(value) filter (where kpi = {{ sql_text(kpi.kpi) }}) as {{ adapter.quote(kpi.kpi) }}
        {%- endfor %}
    from kpis
    group by period_start

)

select * from final
{% endmacro %}
