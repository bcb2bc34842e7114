{#
    A text column as a quantity. Of pieces, an INTEGER: `6` and `6.0` are six, `2.5` and what no
    integer holds are NULL. Where parts are sold too, a DECIMAL(16, 6), rounded to its last digit.
#}
{% macro parse_quantity(column) -%}
    {%- if quantity_type() == 'integer' -%}
    case
        when {{ matches(column, '[-+]?[0-9]+([.]0*)?') }}
            then try_cast(try_cast({{ column }} as decimal(27, 8)) as integer)
    end
    {%- else -%}
    try_cast({{ parse_decimal(column) }} as {{ quantity_type() }})
    {%- endif -%}
{%- endmacro %}
