{# A query with the checksum of all order lines of each period. #}
{% macro segment_checksums(grain) -%}
    {{ return(adapter.dispatch('segment_checksums')(grain)) }}
{%- endmacro %}

{% macro default__segment_checksums(grain) -%}
    select distinct
        {{ period_start('order_date', grain) }} as period,
        cast(null as {{ dbt.type_string() }}) as checksum
    from {{ ref('fct_order_lines') }}
{%- endmacro %}

{% macro duckdb__segment_checksums(grain) -%}
    {{ period_checksums(
        ref('fct_order_lines'),
        period_start('order_date', grain),
        'line_hash'
    ) }}
{%- endmacro %}
