{#
    A query of the days whose rows, orders or products changed since fct_order_lines was built. Each
    of the three carries a hash of its own, so nothing is computed again to compare.
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
    {{ changed_periods(
        period_checksums(described, 'cast(ordered_at as date)', 'line_hash'),
        period_checksums(this, 'order_date', 'line_hash')
    ) }}
{%- endmacro %}
