-- What do new, returning and unknown customers bring each month, and how many came back?
with

orders as (

    select
        *,
        cast(date_trunc('month', order_date) as date) as month_start
    from {{ ref('fct_orders') }}

),

revenue as (

    select
        month_start,
        sum(case when customer_type = 'new' then net_revenue else 0 end) as new_revenue,
        sum(case when customer_type = 'returning' then net_revenue else 0 end)
            as returning_revenue,
        sum(case when customer_type = 'guest' then net_revenue else 0 end) as guest_revenue
    from orders
    group by month_start

),

buyers as (

    select distinct
        month_start,
        customer_id
    from orders
    where is_sale and customer_id is not null

),

-- Each buyer, and whether the same one bought in the month after.
followed as (

    select
        buyers.month_start,
        cast(date_trunc('month', buyers.month_start + interval '40' day) as date) as month_after,
        case when after.customer_id is not null then 1 else 0 end as came_back
    from buyers
    left join buyers as after
        on
            buyers.customer_id = after.customer_id
            and after.month_start
            = cast(date_trunc('month', buyers.month_start + interval '40' day) as date)

),

kept as (

    select
        month_after,
        count(*) as customers_before,
        sum(came_back) as customers_kept
    from followed
    group by month_after

)

select
    revenue.month_start,
    revenue.new_revenue,
    revenue.returning_revenue,
    revenue.guest_revenue,
    kept.customers_before,
    kept.customers_kept,
    kept.customers_kept * 1.0 / kept.customers_before as share_kept
from revenue
left join kept on revenue.month_start = kept.month_after
order by revenue.month_start asc
