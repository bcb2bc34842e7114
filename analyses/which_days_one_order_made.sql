-- On which days did a single order bring more than a quarter of gross revenue?
with

orders as (

    select
        order_date,
        invoice_no,
        customer_id,
        country,
        gross_revenue,
        gross_revenue / sum(gross_revenue) over (partition by order_date) as share_of_day
    from {{ ref('fct_orders') }}
    where is_sale

)

select * from orders
where share_of_day > 0.25
order by share_of_day desc, invoice_no asc
