{#
    Name → SQL expression of every measure of the semantic model on `fct_orders`. Empty while dbt
    parses.
#}
{% macro kpi_measures() %}
    {%- set measures = {} -%}
    {%- if execute -%}
        {%- for model in graph.semantic_models.values() if model.name == 'orders' -%}
            {%- for measure in model.measures -%}
                {%- do measures.update({measure.name: measure_sql(measure)}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(measures) }}
{% endmacro %}
