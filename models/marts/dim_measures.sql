-- One row per measure and grain: how it is worked out from fct_kpi_lines.
with

final as (
    {% for grain in kpi_allowed('cadence') %}
    {%- set last = loop.last %}
    {%- for measure in kpi_measures(grain) %}
    select
        {{ sql_text(measure.column) }} as measure,
        {{ sql_text(grain) }} as grain,
        {{ sql_text(measure.description) }} as description,
        {{ sql_text(measure.agg) }} as agg,
        {{ sql_text(measure.expr) }} as expr,
        {{ sql_text(measure.largest.get('measure')) }} as largest_by,
        {{ sql_text(measure.largest.get('dimension')) }} as largest_of,
        cast({{ measure.largest.get('members', 'null') }} as integer) as largest_members
    {{ 'union all' if not (last and loop.last) }}
    {%- endfor %}
    {%- endfor %}

)

select * from final
