{# What all lines of each period come to: what the segments of that period are worked out from. #}
{% macro segment_signatures(granularity) -%}
    {{ return(adapter.dispatch('segment_signatures')(granularity)) }}
{%- endmacro %}

{% macro default__segment_signatures(granularity) -%}
    select distinct
        {{ period_start('order_date', granularity) }} as period,
        cast(null as {{ dbt.type_string() }}) as signature
    from {{ ref('fct_order_lines') }}
{%- endmacro %}

{% macro duckdb__segment_signatures(granularity) -%}
    {{ period_signatures(
        ref('fct_order_lines'),
        period_start('order_date', granularity),
        'line_hash'
    ) }}
{%- endmacro %}
