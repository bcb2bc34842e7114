-- Which products come back most, for their revenue, and in how many orders?
with

products as (

    select
        product,
        description,
        sum(gross_revenue) as gross_revenue,
        sum(returned_revenue) as returned_revenue,
        count(distinct case when line_type = 'sale' then invoice_no end) as sale_invoices,
        count(distinct case when line_type = 'return' then invoice_no end) as return_invoices
    from {{ ref('fct_order_lines') }}
    where line_type in ('sale', 'return')
    group by product, description

)

select
    product,
    description,
    gross_revenue,
    returned_revenue,
    cast(returned_revenue as double) / cast(gross_revenue as double) as return_rate,
    sale_invoices,
    return_invoices
from products
-- One cancelled order says nothing about a product.
where gross_revenue > 0 and return_invoices >= 5
order by returned_revenue desc, product asc
limit 50
