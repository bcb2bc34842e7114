-- Sums that the daily and the weekly KPI tables must share with the order lines: nothing lost or
-- counted twice on the way. Of every KPI whose numerator is the sum of a column, to the last digit.
{%- set of_columns = [] -%}
{%- set ranked = kpi_measures() | selectattr('largest') | map(attribute='expr') | list -%}
{% for measure in kpi_measures() if measure.agg == 'sum' and measure.expr not in ranked -%}
{%- set type = measured_columns().get(measure.expr, {}).get('data_type') or 'double' -%}
{%- if type != 'double' -%}{%- do of_columns.append(measure) -%}{%- endif -%}
{%- endfor -%}
{%- set sums = of_columns | map(attribute='measure') | list %}
with

order_lines as (

    select
        {% for measure in of_columns -%}
        coalesce(sum(cast({{ measure.expr }} as decimal(38, 8))), 0) as {{ measure.measure }},
        {% endfor -%}
        count(*) as lines
    from {{ ref('fct_order_lines') }}
    where line_type in ('sale', 'return')

),

expected as (

    select
        cast(null as {{ dbt.type_string() }}) as kpi,
        cast(null as decimal(38, 8)) as total
    from order_lines
    {%- for kpi in kpi_definitions() if kpi.numerator in sums %}
    union all
    select
        '{{ kpi.kpi }}' as kpi,
        {{ kpi.numerator }} as total
    from order_lines
    {%- endfor %}

),

kpis as (
    {% for grain in kpi_allowed('cadence') %}
    select
        '{{ grain }}' as grain,
        kpi,
        sum(numerator) as total
    from {{ ref('fct_kpis_' ~ grain) }}
    group by kpi
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        kpis.grain,
        kpis.kpi,
        kpis.total,
        expected.total as expected
    from kpis
    inner join expected on kpis.kpi = expected.kpi

)

select * from final
where total != expected
