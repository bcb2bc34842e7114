-- One row per rejected raw row: its values as they stand in the file, why it was rejected, and
-- where it came from.
with

raw_lines as (

    select * from {{ source('online_retail', 'order_lines') }}

),

order_lines as (

    select * from {{ ref('stg_online_retail__order_lines') }}

),

rejected as (

    select * from {{ ref('int_order_lines__classified') }}
    where reject_reason is not null

),

final as (

    select
        rejected.source_file,
        rejected.source_row,
        rejected.reject_reason as reason,
        case
            when rejected.reject_reason = 'duplicate'
                then 'identical to an earlier row in all eight columns'
            when order_lines.parse_error is not null then order_lines.parse_error
            when order_lines.invoice_no is null then 'the invoice number is empty'
            when order_lines.stock_code is null then 'the stock code is empty'
            when order_lines.quantity is null then 'the quantity is not a whole number'
            when order_lines.ordered_at is null then 'the date cannot be read'
            when order_lines.unit_price is null then 'the price is not a number that fits'
            else 'quantity times price does not fit'
        end as detail,
        raw_lines.invoice_no,
        raw_lines.stock_code,
        raw_lines.description,
        raw_lines.quantity,
        raw_lines.invoice_date,
        raw_lines.unit_price,
        raw_lines.customer_id,
        raw_lines.country,
        raw_lines.raw_line,
        order_lines.amount
    from rejected
    inner join order_lines
        on
            rejected.source_file = order_lines.source_file
            and rejected.source_row = order_lines.source_row
    inner join raw_lines
        on
            rejected.source_file = raw_lines.source_file
            and rejected.source_row = raw_lines.source_row

)

select * from final
