{# The same for rows with the same values; hardly ever the same for others. #}
{% macro values_hash(columns) -%}
    {{ return(adapter.dispatch('values_hash')(columns)) }}
{%- endmacro %}

{% macro default__values_hash(columns) -%} xxhash64({{ columns | join(', ') }}) {%- endmacro %}

{% macro duckdb__values_hash(columns) -%} hash({{ columns | join(', ') }}) {%- endmacro %}
