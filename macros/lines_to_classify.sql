{#
    The staged rows of the days to classify, as a table of a FROM. Not a CTE: of one with several
    readers DuckDB keeps every column in memory.
#}
{% macro lines_to_classify() -%}
    (
        select * from {{ ref('stg_online_retail__order_lines') }}
        {%- if is_incremental() %}
        where {{ in_periods('cast(ordered_at as date)', periods_of(days_to_classify())) }}
        {%- endif %}
    ) as order_lines
{%- endmacro %}
