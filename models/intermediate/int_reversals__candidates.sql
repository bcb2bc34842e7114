-- One row per sale or return line of a customer and product that has a return: what may belong
-- together, numbered in order of time within both.
with

order_lines as (

    select
        source_file,
        source_row,
        invoice_no,
        line_type,
        ordered_at,
        customer_id,
        country,
        stock_code as product,
        quantity,
        amount,
        abs(quantity) as pieces,
        case when line_type = 'sale' then 1 else -1 end as step
    from {{ ref('int_order_lines__classified') }}
    where
        reject_reason is null
        and line_type in ('sale', 'return')
        and customer_id is not null

),

cancelled_products as (

    select distinct
        customer_id,
        product
    from order_lines
    where line_type = 'return'

),

candidates as (

    select order_lines.*
    from order_lines
    inner join cancelled_products
        on
            order_lines.customer_id = cancelled_products.customer_id
            and order_lines.product = cancelled_products.product

),

final as (

    select
        *,
        row_number() over (
            partition by customer_id, product
            order by ordered_at asc, step desc, source_file asc, source_row asc
        ) as line_no
    from candidates

)

select * from final
