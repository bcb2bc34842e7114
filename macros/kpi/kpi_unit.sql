{# The unit of a KPI as written, but of decimal quantities `items`: kilograms are no count. #}
{% macro kpi_unit(kpi) -%}
    {%- set is_quantity = kpi.numerator in quantity_columns() and not kpi.denominator -%}
    {%- set is_decimal = is_quantity and quantity_type() != 'integer' -%}
    {{ return('items' if is_decimal else kpi.unit) }}
{%- endmacro %}
