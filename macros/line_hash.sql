{# What the values of a row come to. #}
{% macro line_hash(columns) -%}
    {{ return(adapter.dispatch('line_hash')(columns)) }}
{%- endmacro %}

{% macro default__line_hash(columns) -%} cast(null as bigint) {%- endmacro %}

{% macro duckdb__line_hash(columns) -%}
    cast(hash({{ columns | join(', ') }}) >> 1 as bigint)
{%- endmacro %}
