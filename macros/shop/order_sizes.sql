{#
    The CTE `order_sizes` after `invoices`: the bands of order value, with the months they hold in.
    Those of the public data set are fixed, and hold always. Those of any other shop are quantiles
    of its own orders: the mean of the last twelve months' before; the first month has its own.
#}
{% macro order_sizes(fixed, relative) -%}
{%- if shop().is_uci -%}
order_sizes as (

    select
        order_size,
        lower_bound,
        lead(lower_bound) over (order by lower_bound) as upper_bound
    from {{ fixed }}

)
{%- else -%}
ranked as (

    select
        month_start,
        order_value,
        row_number() over (partition by month_start order by order_value) as place,
        count(*) over (partition by month_start) as orders
    from invoices
    where first_sale_at is not null

),

monthly as (

    select
        ranked.month_start,
        sizes.order_size,
        sizes.quantile,
        min(ranked.order_value) as lower_bound
    from ranked
    inner join {{ relative }} as sizes
        on ranked.place > cast(sizes.quantile as double) * ranked.orders
    group by 1, 2, 3

),

months as (

    select
        month_start,
        row_number() over (order by month_start) as number
    from (select distinct month_start from monthly)

),

learned as (

    select
        months.month_start,
        monthly.order_size,
        monthly.quantile,
        case
            when monthly.quantile = 0 then 0
            else cast(avg(cast(monthly.lower_bound as double)) as decimal(27, 2))
        end as lower_bound
    from months
    inner join months as past
        on past.number between greatest(months.number - 12, 1) and greatest(months.number - 1, 1)
    inner join monthly on past.month_start = monthly.month_start
    group by 1, 2, 3

),

order_sizes as (

    select
        *,
        lead(lower_bound) over (partition by month_start order by quantile) as upper_bound
    from learned

)
{%- endif -%}
{%- endmacro %}
