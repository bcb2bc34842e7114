{# A query of how many orders send something back on each day with sales or returns. #}
{% macro returned_orders() -%}
select
        order_date as period_start,
        cast(count(distinct case when line_type = 'return' then invoice_no end) as double)
            as returned_orders
    from {{ ref('fct_order_lines') }}
    where line_type in ('sale', 'return')
    group by 1
{%- endmacro %}
