{# Descriptions of columns that no YAML lists: measures, KPIs and dimensions. #}
{% macro derived_descriptions() %}
    {%- set known = {} -%}
    {%- for name, column in measured_columns().items() -%}
        {%- do known.update({name: column.description}) -%}
    {%- endfor -%}
    {%- for kpi in kpi_definitions() -%}
        {%- do known.update({kpi.kpi: kpi.label ~ ': ' ~ kpi.description}) -%}
    {%- endfor -%}
    {%- for dimension in kpi_dimensions() -%}
        {%- do known.update({dimension.dimension: dimension.description}) -%}
    {%- endfor -%}
    {%- for measure in kpi_measures() -%}
        {%- do known.update({
            measure.measure: measure.description, measure.column: measure.description,
        }) -%}
    {%- endfor -%}
    {{ return(known) }}
{% endmacro %}
