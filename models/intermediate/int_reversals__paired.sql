-- One row per sale line and the cancellation line that took it back, whole or in part. What whole
-- cancellations leave over may take back a part of a larger sale: the latest one before it.
with

lines as (

    select * from {{ ref('int_reversals__candidates') }}

),

whole_pairs as (

    select * from {{ ref('int_reversals__whole') }}

),

left_over as (

    select lines.*
    from lines
    left join whole_pairs as by_sale
        on
            lines.customer_id = by_sale.customer_id
            and lines.product = by_sale.product
            and lines.line_no = by_sale.sale_line_no
    left join whole_pairs as by_cancellation
        on
            lines.customer_id = by_cancellation.customer_id
            and lines.product = by_cancellation.product
            and lines.line_no = by_cancellation.cancellation_line_no
    where by_sale.sale_line_no is null and by_cancellation.cancellation_line_no is null

),

nearest_sales as (

    select
        sales.customer_id,
        sales.product,
        sales.line_no as sale_line_no,
        cancellations.line_no as cancellation_line_no,
        row_number() over (
            partition by cancellations.customer_id, cancellations.product, cancellations.line_no
            order by sales.line_no desc
        ) as nearness
    from left_over as cancellations
    inner join left_over as sales
        on
            cancellations.customer_id = sales.customer_id
            and cancellations.product = sales.product
            and cancellations.pieces < sales.pieces
            and cancellations.line_no > sales.line_no
    where sales.line_type = 'sale' and cancellations.line_type = 'return'

),

partial_pairs as (

    select
        customer_id,
        product,
        sale_line_no,
        min(cancellation_line_no) as cancellation_line_no
    from nearest_sales
    where nearness = 1
    group by customer_id, product, sale_line_no

),

final as (

    select * from whole_pairs
    union all
    select * from partial_pairs

)

select * from final
