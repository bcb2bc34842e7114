{#
    Order lines with their order and their product: the rows of fct_order_lines, also used to find
    its stale days. The arguments are relations or CTEs.
#}
{% macro described_lines(order_lines, invoices, products) -%}
    {{ order_lines }} as order_lines
    left join {{ invoices }} as invoices
        on
            order_lines.invoice_no = invoices.invoice_no
            and order_lines.customer_id is not distinct from invoices.customer_id
    left join {{ products }} as products on order_lines.stock_code = products.stock_code
{%- endmacro %}
