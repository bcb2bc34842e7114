{# Hash of a raw row; on DuckDB alone, where models are incremental. #}
{% macro raw_row_hash() -%}
    {{ return(adapter.dispatch('raw_row_hash')()) }}
{%- endmacro %}

{% macro default__raw_row_hash() -%} cast(null as bigint) {%- endmacro %}

{% macro duckdb__raw_row_hash() -%} row_hash {%- endmacro %}
