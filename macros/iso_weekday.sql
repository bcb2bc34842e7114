{# 1 for Monday … 7 for Sunday. #}
{% macro iso_weekday(date_column) -%}
    {{ return(adapter.dispatch('iso_weekday')(date_column)) }}
{%- endmacro %}

{% macro default__iso_weekday(date_column) -%}
    isodow({{ date_column }})
{%- endmacro %}

{% macro spark__iso_weekday(date_column) -%}
    weekday({{ date_column }}) + 1
{%- endmacro %}
