{# The columns of marts that hold a quantity, or a sum of quantities. #}
{% macro quantity_columns() -%}
    {{ return(['quantity', 'units', 'sold_quantity', 'cancelled_quantity']) }}
{%- endmacro %}
