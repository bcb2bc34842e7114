{# The semantic model that the KPIs are measured by; none while dbt parses. #}
{% macro measured_model() %}
    {%- if execute -%}
        {%- for model in graph.semantic_models.values() if model.name == 'kpi_lines' -%}
            {{ return(model) }}
        {%- endfor -%}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}
