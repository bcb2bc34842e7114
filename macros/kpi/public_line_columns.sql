{# The columns of fct_order_lines and of the shop's own dimensions, without the internal hash. #}
{% macro public_line_columns(lines) -%}
    {%- set names = [] -%}
    {%- set nodes = graph.nodes.values() if execute else [] -%}
    {%- for model in nodes if model.name == 'fct_order_lines' -%}
        {%- do names.extend(model.columns | reject('equalto', 'line_hash')) -%}
    {%- endfor -%}
    {%- for dimension in shop_dimensions() if not dimension.is_usual -%}
        {%- do names.append(dimension.dimension) -%}
    {%- endfor -%}
    {%- for name in names %}
        {{ lines }}.{{ name }}{{ ',' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
