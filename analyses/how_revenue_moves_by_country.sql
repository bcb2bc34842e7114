-- How does net revenue move from month to month, country by country?
with

months as (

    select
        country,
        cast(date_trunc('month', order_date) as date) as month_start,
        sum(net_revenue) as net_revenue,
        sum(case when is_sale then 1 else 0 end) as orders
    from {{ ref('fct_orders') }}
    group by country, cast(date_trunc('month', order_date) as date)

),

compared as (

    select
        *,
        sum(net_revenue) over (partition by country) as all_net_revenue,
        lag(net_revenue) over (partition by country order by month_start asc) as earlier
    from months

)

select
    country,
    month_start,
    orders,
    net_revenue,
    net_revenue - earlier as change
from compared
order by all_net_revenue desc, country asc, month_start asc
