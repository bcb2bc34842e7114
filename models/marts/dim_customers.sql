-- One row per identified customer with at least one sale or return.
with

orders as (

    select * from {{ ref('fct_orders') }}
    where customer_id is not null

),

final as (

    select
        customer_id,
        min(case when is_sale then order_date end) as first_order_date,
        max(case when is_sale then order_date end) as last_order_date,
        count(distinct case when is_sale then invoice_no end) as orders,
        count(distinct country) as countries,
        cast(sum(gross_revenue) as decimal(38, 8)) as gross_revenue,
        cast(sum(returned_revenue) as decimal(38, 8)) as returned_revenue,
        cast(sum(net_revenue) as decimal(38, 8)) as net_revenue
    from orders
    group by customer_id

)

select * from final
