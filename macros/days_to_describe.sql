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
            from {{ ref('int_order_lines__classified') }} as order_lines
            left join {{ ref('int_invoices__numbered') }} as invoices
                on
                    order_lines.invoice_no = invoices.invoice_no
                    and order_lines.customer_id is not distinct from invoices.customer_id
            left join {{ ref('int_products__described') }} as products
                on order_lines.stock_code = products.stock_code
            where order_lines.reject_reason is null
        ) as described
    {%- endset -%}
    {{ differing_periods(
        period_signatures(described, 'cast(ordered_at as date)', 'line_hash'),
        period_signatures(this, 'order_date', 'line_hash')
    ) }}
{%- endmacro %}
