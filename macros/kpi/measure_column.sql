{#
    The column of a measure in the generated tables. A measure whose name ends with a grain holds at
    that grain alone, and shares its column with its twin at the other.
#}
{% macro measure_column(name) %}
    {%- for grain in kpi_allowed('cadence') if name and name.endswith('_' ~ grain) -%}
        {{ return(name[:-(grain | length + 1)]) }}
    {%- endfor -%}
    {{ return(name) }}
{% endmacro %}
