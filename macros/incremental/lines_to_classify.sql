{#
    The staged rows of the days to classify, as a table of a FROM. Not a CTE: of one with several
    readers DuckDB keeps every column in memory.
#}
{% macro lines_to_classify() -%}
    (
        select * from {{ ref('stg_online_retail__order_lines') }}
        {%- if is_incremental() %}
        where {{ date_in_list('cast(ordered_at as date)', date_literals(days_to_classify())) }}
        {%- endif %}
    ) as order_lines
{%- endmacro %}
