-- One row per rejected raw row: its values as they stand in the file, why it was rejected, and
-- where it came from. On DuckDB only what was not rejected before is looked up.
{{ config(
    materialized='incremental' if target.type == 'duckdb' else 'table',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_reclassified_rows() }}",
    post_hook='{{ set_build_hash() }}'
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
                then 'identical to an earlier row in all columns that are read'
            when rejected.reject_reason = 'ignored' then 'left out by lines.ignore of shop.yml'
            else {{ malformed_detail('order_lines') }}
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
