{#
    The type of a quantity or of a sum of quantities: `whole` where the shop sells pieces, a decimal
    where it also sells parts of them, such as kilograms or hours.
#}
{% macro quantity_type(whole='integer') -%}
    {%- if not shop().get('decimal_quantities') -%}
        {{ return(whole) }}
    {%- endif -%}
    {{ return('decimal(16, 6)' if whole == 'integer' else 'decimal(38, 8)') }}
{%- endmacro %}
