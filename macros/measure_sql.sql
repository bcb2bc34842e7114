{#
    One measure of a semantic model as an aggregate expression: money and counts alike as
    decimal(38, 8), 0 where there are no rows.
#}
{% macro measure_sql(measure) %}
    {%- set column = measure.expr or measure.name -%}
    {%- if measure.agg == 'sum' -%}
        {{ return('cast(coalesce(sum(' ~ column ~ '), 0) as decimal(38, 8))') }}
    {%- elif measure.agg == 'count_distinct' -%}
        {{ return('cast(count(distinct ' ~ column ~ ') as decimal(38, 8))') }}
    {%- endif -%}
    {%- do exceptions.raise_compiler_error(
        "models/marts/fct_orders.yml: measure " ~ measure.name ~ ": agg is '" ~ measure.agg
        ~ "'; allowed: sum, count_distinct"
    ) -%}
{% endmacro %}
