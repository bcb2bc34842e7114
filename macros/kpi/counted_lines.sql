{#
    A query that brings `kpi_lines` down to the rows that differ in what measures count: the counted
    things themselves, the sums, and how many lines they are of.
#}
{% macro counted_lines() -%}
{%- set measures = kpi_measures() -%}
{%- set counts = measures | selectattr('agg', 'equalto', 'count_distinct') | list -%}
{%- set sums = measures | selectattr('agg', 'equalto', 'sum') | list -%}
select
        order_date,
        country
        {%- for measure in counts %},
        {{ measure.expr }} as {{ measure.measure }}
        {%- endfor %}
        {%- for measure in sums %},
        cast(coalesce(sum({{ measure.expr }}), 0) as decimal(38, 8)) as {{ measure.measure }}
        {%- endfor %},
        count(*) as lines
    from kpi_lines
    group by 1, 2{% for measure in counts %}, {{ loop.index + 2 }}{% endfor %}
{%- endmacro %}
