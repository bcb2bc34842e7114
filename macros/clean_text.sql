{# Trimmed of blanks, tabs, line ends and no-break spaces; empty becomes NULL. #}
{% macro clean_text(column) -%}
    {{ return(adapter.dispatch('clean_text')(column)) }}
{%- endmacro %}

{% macro default__clean_text(column) -%}
    nullif(trim({{ column }}, ' ' || chr(9) || chr(10) || chr(13) || chr(160)), '')
{%- endmacro %}

{% macro spark__clean_text(column) -%}
    nullif(btrim({{ column }}, concat(' ', char(9), char(10), char(13), char(160))), '')
{%- endmacro %}
