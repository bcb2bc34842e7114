-- Which products gained and lost most in the last whole month, against the month before?
with

-- The month that the data end in is not counted as whole.
latest as (

    select cast(date_trunc('month', max(date_day)) as date) as month_start
    from {{ ref('dim_dates') }}

),

chosen as (

    select
        cast(date_trunc('month', month_start - interval '10' day) as date) as month_start,
        cast(date_trunc('month', month_start - interval '40' day) as date) as month_before,
        month_start as month_after
    from latest

),

products as (

    select
        order_lines.product,
        order_lines.description,
        chosen.month_start,
        sum(
            case when order_lines.order_date < chosen.month_start then 0 else 1 end
            * order_lines.net_revenue
        ) as net_revenue,
        sum(
            case when order_lines.order_date < chosen.month_start then 1 else 0 end
            * order_lines.net_revenue
        ) as net_revenue_before
    from {{ ref('fct_order_lines') }} as order_lines
    inner join chosen
        on
            order_lines.order_date >= chosen.month_before
            and order_lines.order_date < chosen.month_after
    group by order_lines.product, order_lines.description, chosen.month_start

),

ranked as (

    select
        *,
        net_revenue - net_revenue_before as change,
        row_number() over (order by net_revenue - net_revenue_before desc, product asc) as best,
        row_number() over (order by net_revenue - net_revenue_before asc, product asc) as worst
    from products

)

select
    case when change > 0 then 'gained' else 'lost' end as side,
    product,
    description,
    month_start,
    net_revenue,
    net_revenue_before,
    change
from ranked
where (best <= 10 and change > 0) or (worst <= 10 and change < 0)
order by change desc, product asc
