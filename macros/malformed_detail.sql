{# Why a staged row can't be read, in words. #}
{% macro malformed_detail(rows) -%}
    case
        when {{ rows }}.parse_error is not null then {{ rows }}.parse_error
        when {{ rows }}.invoice_no is null then 'the invoice number is empty'
        when {{ rows }}.stock_code is null then 'the stock code is empty'
        when {{ rows }}.quantity is null then 'the quantity is not a {{ 'whole ' if quantity_type() == 'integer' }}number{{ ' that fits' if quantity_type() != 'integer' }}'
        when {{ rows }}.ordered_at is null then 'the date cannot be read'
        when {{ rows }}.unit_price is null then 'the price is not a number that fits'
        else 'quantity times price does not fit'
    end
{%- endmacro %}
