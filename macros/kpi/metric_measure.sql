{# The name of the measure behind a simple metric. #}
{% macro metric_measure(metric_name) %}
    {%- set simple = graph.metrics.values() | selectattr('type', 'equalto', 'simple') -%}
    {%- for metric in simple if metric.name == metric_name -%}
        {{ return(metric.type_params.measure.name) }}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}
