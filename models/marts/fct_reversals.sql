-- One row per sale line that was cancelled later: the sale, its cancellation, and the time between.
{{ config(pre_hook='{{ set_quantity_types() }}') }}
with

lines as (

    select * from {{ ref('int_reversals__candidates') }}

),

pairs as (

    select * from {{ ref('int_reversals__paired') }}

),

products as (

    select * from {{ ref('int_products__described') }}

),

final as (

    select
        sales.source_file as sale_source_file,
        sales.source_row as sale_source_row,
        cancellations.source_file as cancellation_source_file,
        cancellations.source_row as cancellation_source_row,
        sales.invoice_no as sale_invoice_no,
        cancellations.invoice_no as cancellation_invoice_no,
        sales.customer_id,
        sales.country,
        sales.product,
        products.description,
        sales.ordered_at,
        cancellations.ordered_at as cancelled_at,
        cast(sales.ordered_at as date) as order_date,
        cast(cancellations.ordered_at as date) as cancelled_date,
        {{ minutes_between('sales.ordered_at', 'cancellations.ordered_at') }} as minutes_between,
        {{ days_between(
            'cast(sales.ordered_at as date)', 'cast(cancellations.ordered_at as date)'
        ) }} as days_between,
        cast(sales.quantity as {{ quantity_type('bigint') }}) as sold_quantity,
        cast(cancellations.pieces as {{ quantity_type('bigint') }}) as cancelled_quantity,
        sales.pieces = cancellations.pieces as is_whole,
        cast(sales.amount as decimal(38, 8)) as sold_amount,
        cast(0 - cancellations.amount as decimal(38, 8)) as cancelled_amount
    from pairs
    inner join lines as sales
        on
            pairs.customer_id = sales.customer_id
            and pairs.product = sales.product
            and pairs.sale_line_no = sales.line_no
    inner join lines as cancellations
        on
            pairs.customer_id = cancellations.customer_id
            and pairs.product = cancellations.product
            and pairs.cancellation_line_no = cancellations.line_no
    left join products on pairs.product = products.stock_code

)

select * from final
