{#
    The column of a measure in the generated tables at a grain, 0 in a period without rows; NULL
    where there is no measure.
#}
{% macro kpi_measure_at(measure, granularity) %}
    {%- if measure is none -%}
        {{ return('cast(null as decimal(38, 8))') }}
    {%- endif -%}
    {%- set name = measure.replace('_daily', '_weekly') if granularity == 'week' else measure -%}
    {{ return('coalesce(measured.' ~ name ~ ', 0)') }}
{% endmacro %}
