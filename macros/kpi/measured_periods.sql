{# CTEs after `counted_lines`: every measure by period (`measured`), and by period and country. #}
{% macro measured_periods(grain) -%}
{% for name, country in [('measured', ''), ('measured_by_country', ', country')] -%}
{{ name }} as (

    select
        {{ period_start('order_date', grain) }} as period_start{{ country }}
        {%- for measure in kpi_measures(grain) %},
        {% if measure.agg == 'sum' -%}
        cast(sum({{ measure.measure }}) as decimal(38, 8)) as {{ measure.column }}
        {%- else -%}
        cast(count(distinct {{ measure.measure }}) as decimal(38, 8)) as {{ measure.column }}
        {%- endif %}
        {%- endfor %}
    from counted_lines
    group by 1{{ ', 2' if country }}

){{ ',\n\n' if not loop.last }}
{%- endfor %}
{%- endmacro %}
