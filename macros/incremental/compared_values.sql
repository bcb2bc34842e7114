{#
    The values in which duplicate raw rows agree: parsed (`6` is `6.0`), or the raw text where
    parsing failed. Also in what the rules of shop.yml say of them: a line that was left out while
    its order was pending is no earlier copy of the one that was paid.
#}
{% macro compared_values() -%}
    {{ return([
        'invoice_no', 'stock_code', 'description', 'quantity', 'ordered_at', 'unit_price',
        'customer_id', 'country', 'attributes',
        'case when quantity is null then quantity_text end',
        'case when ordered_at is null then invoice_date_text end',
        'case when unit_price is null then unit_price_text end',
        'parse_error', 'raw_line', 'line_mark'
    ]) }}
{%- endmacro %}
