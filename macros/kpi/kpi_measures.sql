{#
    The measures of the semantic model that hold at a grain, or all, as dicts in the order of the
    YAML. Empty while dbt parses.
#}
{% macro kpi_measures(grain=none) %}
    {%- set measures = [] -%}
    {%- set other = '_' ~ kpi_allowed('cadence') | reject('equalto', grain) | first -%}
    {%- set model = measured_model() or {'measures': []} -%}
    {%- for measure in model.measures if not (grain and measure.name.endswith(other)) -%}
        {%- set expr = measure.expr or measure.name -%}
        {%- do measures.append({
            'measure': measure.name,
            'column': measure_column(measure.name),
            'description': measure.description,
            'agg': measure.agg,
            'expr': expr,
            'data_type': measure_type(measure.agg, expr),
            'largest': measure.config.meta.get('largest', {}),
        }) -%}
    {%- endfor -%}
    {{ return(measures) }}
{% endmacro %}
