-- Which products gained and lost most in the last whole month, against the month before?
with

days as (

    select
        cast(date_trunc('month', date_day) as date) as month_start,
        date_day
    from {{ ref('dim_dates') }}

),

-- A month is whole once the day after its last is in the calendar.
months as (

    select distinct
        month_start,
        cast(date_trunc('month', month_start - interval '10' day) as date) as month_before
    from days
    where month_start < (select max(days.month_start) from days)

),

chosen as (

    select * from months
    order by month_start desc
    limit 1

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
        on cast(date_trunc('month', order_lines.order_date) as date)
        in (chosen.month_start, chosen.month_before)
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
    case when best <= 10 then 'gained' else 'lost' end as side,
    product,
    description,
    month_start,
    net_revenue,
    net_revenue_before,
    change
from ranked
where best <= 10 or worst <= 10
order by change desc, product asc
