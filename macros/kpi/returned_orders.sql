{#
    A query of the share of each day's orders, returns among them, that send something back. A half of
    an order on either side keeps the odds of none finite.
#}
{% macro returned_orders() -%}
select
        order_date as period_start,
        (cast(count(distinct case when line_type = 'return' then invoice_no end) as double) + 0.5)
            / (count(distinct invoice_no) + 1) as returned_share
    from {{ ref('fct_order_lines') }}
    where line_type in ('sale', 'return')
    group by 1
{%- endmacro %}
