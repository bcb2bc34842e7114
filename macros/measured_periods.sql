{#
    CTEs after `kpi_lines`: every measure by period (`measured`), and by period and country.
    Distinct things are counted in two steps: lines first come down to the few rows that differ in
    what is counted.
#}
{% macro measured_periods(grain) -%}
{%- set measures = kpi_measures(grain) -%}
{%- set counts = measures | selectattr('agg', 'equalto', 'count_distinct') | list -%}
{%- set sums = measures | selectattr('agg', 'equalto', 'sum') | list -%}
counted as (

    select
        {{ period_start('order_date', grain) }} as period_start,
        country
        {%- for measure in counts %},
        {{ measure.expr }} as {{ measure.column }}
        {%- endfor %}
        {%- for measure in sums %},
        cast(coalesce(sum({{ measure.expr }}), 0) as decimal(38, 8)) as {{ measure.column }}
        {%- endfor %}
    from kpi_lines
    group by 1, 2{% for measure in counts %}, {{ loop.index + 2 }}{% endfor %}

),
{% for name, keys in [
    ('measured', 'period_start'), ('measured_by_country', 'period_start, country'),
] %}
{{ name }} as (

    select
        {{ keys }}
        {%- for measure in sums %},
        cast(sum({{ measure.column }}) as decimal(38, 8)) as {{ measure.column }}
        {%- endfor %}
        {%- for measure in counts %},
        cast(count(distinct {{ measure.column }}) as decimal(38, 8)) as {{ measure.column }}
        {%- endfor %}
    from counted
    group by {{ keys }}

){{ ',' if not loop.last }}
{% endfor %}
{%- endmacro %}
