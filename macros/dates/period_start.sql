{# The first day of the calendar day or ISO week (Monday) that a date falls in, as DATE. #}
{% macro period_start(date_column, grain) -%}
    cast(date_trunc('{{ {"daily": "day", "weekly": "week"}[grain] }}', {{ date_column }}) as date)
{%- endmacro %}
