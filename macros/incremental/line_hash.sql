{#
    What the values of a row come to. Hashed twice on DuckDB, which combines the last column by XOR
    alone: in the XOR of two rows, a last column that they share would cancel out.
#}
{% macro line_hash(columns) -%}
    {{ return(adapter.dispatch('line_hash')(columns)) }}
{%- endmacro %}

{% macro default__line_hash(columns) -%} cast(null as bigint) {%- endmacro %}

{% macro duckdb__line_hash(columns) -%}
    cast(hash(hash({{ columns | join(', ') }})) >> 1 as bigint)
{%- endmacro %}
