{#
    An expression over one order line: its columns, a few functions and words of SQL that engines
    read alike. Whatever else SQL knows (aggregates, windows, queries) has no word here.
#}
{% macro validate_line_expr(which, expr) %}
    {%- set functions = [
        'abs', 'cast', 'coalesce', 'greatest', 'least', 'lower', 'nullif', 'round', 'upper',
    ] -%}
    {%- set words = [
        'and', 'as', 'between', 'case', 'date', 'decimal', 'double', 'else', 'end', 'false', 'in',
        'integer', 'is', 'like', 'not', 'null', 'or', 'then', 'true', 'varchar', 'when',
    ] -%}
    {%- set allowed = 'allowed: an expression over one order line, out of the columns of '
        ~ 'fct_order_lines, ' ~ functions | join(', ') ~ ', and case … when' -%}
    {%- set before_brackets = functions + words -%}
    {%- set columns = measured_columns().keys() | list -%}
    {%- set bare = modules.re.sub("'[^']*'|\\b[0-9.]+(e[+-]?[0-9]+)?\\b", ' ', expr | string) -%}
    {%- set strange = modules.re.findall('[^\\w\\s().,+*/%<>=!|-]|--|/[*]', bare) -%}
    {%- if strange -%}
        {%- do exceptions.raise_compiler_error(
            which ~ ": expr may not have '" ~ strange[0] ~ "'; " ~ allowed
        ) -%}
    {%- endif -%}
    {%- for name, bracket in modules.re.findall('([A-Za-z_]\\w*)\\s*(\\(?)', bare) -%}
        {%- if name | lower not in (before_brackets if bracket else columns + words) -%}
            {%- do exceptions.raise_compiler_error(
                which ~ ': expr may not have ' ~ ("the function '" if bracket else "the word '")
                ~ name ~ "'; " ~ allowed
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
