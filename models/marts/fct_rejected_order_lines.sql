-- One row per rejected raw row: its values as they stand in the file, why it was rejected, and
-- where it came from. On DuckDB only what was not rejected before is looked up.
{{ config(
    materialized='incremental' if target.type == 'duckdb' else 'table',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ forget_unrejected_rows() }}",
    post_hook='{{ remember_code() }}'
) }}
with

raw_lines as (

    select * from {{ source('online_retail', 'order_lines') }}

),

order_lines as (

    select * from {{ ref('stg_online_retail__order_lines') }}

),

rejected as (

    select * from {{ ref('int_order_lines__classified') }} as order_lines
    where
        reject_reason is not null
        {%- if is_incremental() %}
        and not {{ raw_row_in('order_lines', this) }}
        {%- endif %}

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
        order_lines.amount,
        rejected.row_hash
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
