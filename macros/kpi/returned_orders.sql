{#
    A query of how many orders send something back on each day with sales or returns: none counts
    as a half, which keeps its logarithm finite.
#}
{% macro returned_orders() -%}
select
        order_date as period_start,
        greatest(
            cast(count(distinct case when line_type = 'return' then invoice_no end) as double),
            cast(0.5 as double)
        ) as returned_orders
    from {{ ref('fct_order_lines') }}
    where line_type in ('sale', 'return')
    group by 1
{%- endmacro %}
