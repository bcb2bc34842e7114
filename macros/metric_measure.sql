{# The name of the measure behind a simple metric. #}
{% macro metric_measure(metric_name) %}
    {%- for metric in graph.metrics.values() if metric.name == metric_name and metric.type == 'simple' -%}
        {{ return(metric.type_params.measure.name) }}
    {%- endfor -%}
    {{ return(none) }}
{% endmacro %}
