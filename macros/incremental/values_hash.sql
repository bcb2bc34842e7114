{# Hash of the values of a row: equal for equal values, hardly ever for others. #}
{% macro values_hash(columns) -%}
    {{ return(adapter.dispatch('values_hash')(columns)) }}
{%- endmacro %}

{% macro default__values_hash(columns) -%} xxhash64({{ columns | join(', ') }}) {%- endmacro %}

{% macro duckdb__values_hash(columns) -%} hash({{ columns | join(', ') }}) {%- endmacro %}
