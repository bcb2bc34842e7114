{#
    Trimmed of whatever counts as white space in Unicode, and of the byte order mark and the zero
    width space.
#}
{% macro clean_text(column) -%}
    {{ return(adapter.dispatch('clean_text')(column)) }}
{%- endmacro %}

{% macro default__clean_text(column) -%}
    trim({{ column }}, '{{ blank_characters() }}')
{%- endmacro %}

{% macro spark__clean_text(column) -%}
    btrim({{ column }}, '{{ blank_characters() }}')
{%- endmacro %}
