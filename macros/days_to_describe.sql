{#
    The days that fct_order_lines holds with other rows, orders or products than there are now, as a
    query. Each of the three carries a hash of its own, so nothing is worked out again to compare.
#}
{% macro days_to_describe() -%}
    {%- set described -%}
        (
            select
                order_lines.ordered_at,
                {{ described_line_hash() }} as line_hash
            from {{ described_lines(
                ref('int_order_lines__classified'),
                ref('int_invoices__numbered'),
                ref('int_products__described')
            ) }}
            where order_lines.reject_reason is null
        ) as described
    {%- endset -%}
    {{ differing_periods(
        period_signatures(described, 'cast(ordered_at as date)', 'line_hash'),
        period_signatures(this, 'order_date', 'line_hash')
    ) }}
{%- endmacro %}
