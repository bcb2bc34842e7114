-- One row per dimension that findings are broken down by.
with

final as (
    {% for dimension in kpi_dimensions() %}
    select
        {{ sql_text(dimension.dimension) }} as dimension,
        cast({{ loop.index }} as integer) as place,
        {{ sql_text(dimension.description) }} as description,
        {{ sql_text(dimension.expr) }} as expr,
        {{ sql_text(dimension.coarser_than) }} as coarser_than,
        {{ sql_text(dimension.root_cause) }} as root_cause
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
