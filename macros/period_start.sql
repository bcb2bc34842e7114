{# The first day of the calendar day or ISO week (Monday) that a date falls in, as DATE. #}
{% macro period_start(date_column, granularity) -%}
    cast(date_trunc('{{ granularity }}', {{ date_column }}) as date)
{%- endmacro %}
