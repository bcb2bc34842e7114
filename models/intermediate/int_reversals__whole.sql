-- One row per sale line that was cancelled whole. A cancellation closes the latest sale of as many
-- pieces that is still open, as a bracket closes another: the height is the number of open ones,
-- and the n-th opening of a level belongs to its n-th closing. What comes later changes no pair.
with

lines as (

    select * from {{ ref('int_reversals__candidates') }}

),

heights as (

    select
        *,
        sum(step) over (
            partition by customer_id, product, pieces
            order by line_no
            rows between unbounded preceding and current row
        ) as height
    from lines

),

floors as (

    select
        *,
        least(
            0,
            coalesce(
                min(height) over (
                    partition by customer_id, product, pieces
                    order by line_no
                    rows between unbounded preceding and 1 preceding
                ), 0
            )
        ) as floor_before
    from heights

),

levels as (

    select
        *,
        height - floor_before + case when line_type = 'sale' then 0 else 1 end as level
    from floors

),

brackets as (

    select
        *,
        row_number() over (
            partition by customer_id, product, pieces, level, line_type
            order by line_no
        ) as nth
    from levels
    where level > 0

),

final as (

    select
        sales.customer_id,
        sales.product,
        sales.line_no as sale_line_no,
        cancellations.line_no as cancellation_line_no
    from brackets as sales
    inner join brackets as cancellations
        on
            sales.customer_id = cancellations.customer_id
            and sales.product = cancellations.product
            and sales.pieces = cancellations.pieces
            and sales.level = cancellations.level
            and sales.nth = cancellations.nth
    where sales.line_type = 'sale' and cancellations.line_type = 'return'

)

select * from final
