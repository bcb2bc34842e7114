{# What all lines of each period come to: what the segments of that period are worked out from. #}
{% macro segment_signatures(grain) -%}
    {{ return(adapter.dispatch('segment_signatures')(grain)) }}
{%- endmacro %}

{% macro default__segment_signatures(grain) -%}
    select distinct
        {{ period_start('order_date', grain) }} as period,
        cast(null as {{ dbt.type_string() }}) as signature
    from {{ ref('fct_order_lines') }}
{%- endmacro %}

{% macro duckdb__segment_signatures(grain) -%}
    {{ period_signatures(
        ref('fct_order_lines'),
        period_start('order_date', grain),
        'line_hash'
    ) }}
{%- endmacro %}
