{#
    Every KPI as a dict, in the order of their names: what the YAML says, and the measures it comes
    down to. A KPI is a metric written under models/marts/kpis. Needs `graph`: empty while dbt
    parses.
#}
{% macro kpi_definitions() %}
    {%- set kpis = [] -%}
    {%- if execute -%}
        {%- for metric in graph.metrics.values() | sort(attribute='name') -%}
            {%- if metric.original_file_path.startswith('models/marts/kpis/') -%}
                {%- do kpis.append(kpi_definition(metric)) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(kpis) }}
{% endmacro %}
