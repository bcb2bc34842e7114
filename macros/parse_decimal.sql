{#
    A text column as DECIMAL(18, 4), NULL where it is not a plain number that fits.
    The pattern keeps out what casts accept but no shop means: `1_000`, `nan`, `0x1F`.
#}
{% macro parse_decimal(column) -%}
    case
        when {{ matches(column, '[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]{1,2})?') }}
            then try_cast({{ column }} as decimal(18, 4))
    end
{%- endmacro %}
