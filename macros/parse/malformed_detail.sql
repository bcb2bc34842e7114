{# Why a staged row can't be read, in words. #}
{% macro malformed_detail(rows) -%}
    {%- set is_whole = quantity_type() == 'integer' -%}
    {%- set number = 'a whole number' if is_whole else 'a number that fits' -%}
    case
        when {{ rows }}.parse_error is not null then {{ rows }}.parse_error
        when {{ rows }}.invoice_no is null then 'the invoice number is empty'
        when {{ rows }}.stock_code is null then 'the stock code is empty'
        when {{ rows }}.quantity is null then 'the quantity is not {{ number }}'
        when {{ rows }}.ordered_at is null then 'the date cannot be read'
        when {{ rows }}.unit_price is null then 'the price is not a number that fits'
        else 'quantity times price does not fit'
    end
{%- endmacro %}
