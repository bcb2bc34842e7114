{# A text column as INTEGER: `6` and `6.0` are six, `2.5` and what no integer holds are NULL. #}
{% macro parse_quantity(column) -%}
    case
        when {{ matches(column, '[-+]?[0-9]+([.]0*)?') }}
            then try_cast(try_cast({{ column }} as decimal(27, 8)) as integer)
    end
{%- endmacro %}
