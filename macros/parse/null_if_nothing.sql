{#
    A trimmed text, NULL where it is empty or one of the words by which exports write that
    there is nothing.
#}
{% macro null_if_nothing(column) -%}
    {%- set words = [
        '', 'NULL', 'Null', 'null', 'NA', 'na', 'N/A', 'n/a', '#N/A', '#n/a', 'NAN', 'NaN', 'Nan',
        'nan', 'NONE', 'None', 'none', '\\N', '-', '(BLANK)', '(Blank)', '(blank)',
    ] -%}
    case when {{ column }} not in (
        {%- for word in words %}{{ sql_text(word) }}{{ ', ' if not loop.last }}{% endfor -%}
    ) then {{ column }} end
{%- endmacro %}
