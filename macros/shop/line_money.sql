{#
    Quantity times price as DECIMAL(27, 8), NULL where it does not fit. A price is narrowed before
    it is multiplied by a decimal quantity: the product has 38 digits on every engine.
#}
{% macro line_money(quantity, price) -%}
    {%- set is_decimal = quantity_type() != 'integer' -%}
    {%- set factor = 'try_cast(' ~ price ~ ' as decimal(21, 8))' if is_decimal else price -%}
    try_cast({{ quantity }} * {{ factor }} as decimal(27, 8))
{%- endmacro %}
