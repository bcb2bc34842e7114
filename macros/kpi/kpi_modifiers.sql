{# What a metric asks for beyond its measures, at any depth: the tables are generated without it. #}
{% macro kpi_modifiers(metric) %}
    {%- set parts = metric.type_params -%}
    {%- set inputs = [metric, parts.measure, parts.numerator, parts.denominator] -%}
    {%- set found = [] -%}
    {%- for name in [
        'filter', 'offset_window', 'offset_to_grain', 'fill_nulls_with', 'join_to_timespine',
    ] -%}
        {%- if inputs | select | selectattr(name, 'defined') | selectattr(name) | list -%}
            {%- do found.append(name) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}
