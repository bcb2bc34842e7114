{#
    TRUE where the whole of a text column matches a regular expression (RE2 and Java agree on
    these).
#}
{% macro matches(column, pattern) -%}
    {{ return(adapter.dispatch('matches')(column, pattern)) }}
{%- endmacro %}

{% macro default__matches(column, pattern) -%}
    regexp_full_match({{ column }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches(column, pattern) -%}
    {{ column }} rlike r'^({{ pattern }})$'
{%- endmacro %}
