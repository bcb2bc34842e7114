{#
    CTEs after `segments` and `restated_lines`: a measure over the largest members of a dimension,
    such as the best sellers, ranked again by day after later cancellations (`…_ranked`).
#}
{% macro restated_largest(measure) -%}
{%- set largest = measure.largest -%}
{%- set ranked_by = kpi_measures() | selectattr('column', 'equalto', largest.measure) -%}
{{ measure.measure }}_summed as (

    select
        order_date,
        member,
        sum(amount) as amount
    from (
        select
            period_start as order_date,
            {{ largest.dimension }} as member,
            {{ largest.measure }} as amount
        from segments
        union all
        select
            order_date,
            {{ largest.dimension }},
            weight * ({{ ranked_by | map(attribute='expr') | first }})
        from restated_lines
        where not is_moved
    ) as both_states
    group by order_date, member

),

{{ measure.measure }}_ranked as (

    select
        *,
        row_number() over (partition by order_date order by amount desc, member) as place
    from {{ measure.measure }}_summed

)
{%- endmacro %}
