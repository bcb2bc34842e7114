{#
    A text column as DECIMAL(27, 8), NULL where it is not a plain number that fits: times a quantity
    it stays within 38 digits on every engine.
    The pattern keeps out what casts accept but no shop means: `1_000`, `nan`, `0x1F`.
#}
{% macro parse_decimal(column) -%}
    case
        when {{ matches(column, '[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,2})?') }}
            then {{ text_as_decimal(column) }}
    end
{%- endmacro %}
