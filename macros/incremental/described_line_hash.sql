{# Hash of an order line, its order and its product. #}
{% macro described_line_hash() -%}
    {{ line_hash(['order_lines.row_hash', 'invoices.invoice_hash', 'products.product_hash']) }}
{%- endmacro %}
