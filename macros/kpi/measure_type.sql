{#
    The type of a measure in the segment tables: whole numbers stay whole, other sums are decimals,
    and shares of distinct counts have no last digit.
#}
{% macro measure_type(agg, expr) %}
    {%- if agg == 'count_distinct' -%}
        {{ return('double') }}
    {%- elif expr in quantity_columns() -%}
        {{ return(quantity_type('bigint')) }}
    {%- elif measured_columns().get(expr, {}).get('data_type') in ['integer', 'bigint'] -%}
        {{ return('bigint') }}
    {%- endif -%}
    {{ return('decimal(38, 8)') }}
{% endmacro %}
