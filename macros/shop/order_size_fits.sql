{#
    Whether an order is of a size. A relative size begins above its bound: where all orders are
    worth the same, all are small.
#}
{% macro order_size_fits(orders, sizes) -%}
    {%- if shop().is_uci -%}
    {{ orders }}.order_value >= {{ sizes }}.lower_bound
    and ({{ sizes }}.upper_bound is null or {{ orders }}.order_value < {{ sizes }}.upper_bound)
    {%- else -%}
    {{ orders }}.month_start = {{ sizes }}.month_start
    and ({{ orders }}.order_value > {{ sizes }}.lower_bound or {{ sizes }}.quantile = 0)
    and ({{ sizes }}.upper_bound is null or {{ orders }}.order_value <= {{ sizes }}.upper_bound)
    {%- endif -%}
{%- endmacro %}
