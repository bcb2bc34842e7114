-- One row per dimension that findings are broken down by.
with

months as (

    select
        *,
        max(month_start) over () as newest_month
    from {{ ref('fct_dimensions_monthly') }}

),

newest as (

    select
        dimension,
        largest_member
    from months
    where month_start = newest_month and not is_broken_down

),

defined as (
    {% for dimension in kpi_dimensions() %}
    select
        {{ sql_text(dimension.dimension) }} as dimension,
        cast({{ loop.index }} as integer) as place,
        {{ sql_text(dimension.description) }} as description,
        {{ sql_text(dimension.expr) }} as expr,
        {{ sql_text(dimension.coarser_than) }} as coarser_than,
        {{ sql_text(dimension.root_cause) }} as root_cause_use
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        defined.*,
        newest.largest_member as only_member
    from defined
    left join newest on defined.dimension = newest.dimension

)

select * from final
