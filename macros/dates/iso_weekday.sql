{# 1 for Monday … 7 for Sunday. #}
{% macro iso_weekday(date_column) -%}
    {{ return(adapter.dispatch('iso_weekday')(date_column)) }}
{%- endmacro %}

{% macro default__iso_weekday(date_column) -%}
    isodow({{ date_column }})
{%- endmacro %}

{# Not weekday(): on Sail 0.7.2 it is -1 on a Sunday. #}
{% macro spark__iso_weekday(date_column) -%}
    (dayofweek({{ date_column }}) + 5) % 7 + 1
{%- endmacro %}
