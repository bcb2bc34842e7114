{# The shop's own dimensions as further columns of a SELECT, each after a comma. #}
{% macro shop_columns() -%}
    {%- for dimension in shop_dimensions() if not dimension.is_usual -%}
        , {{ shop_dimension(dimension.dimension) }} as {{ dimension.dimension }}
    {%- endfor -%}
{%- endmacro %}
