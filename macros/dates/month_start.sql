{# The first day of the month that a date falls in, as DATE. #}
{% macro month_start(date_column) -%}
    cast(date_trunc('month', {{ date_column }}) as date)
{%- endmacro %}
