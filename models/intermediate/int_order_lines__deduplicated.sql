-- One row per raw row, numbered among the rows identical to it in all eight columns: `copy_number`
-- 1 is kept.
{{ config(materialized="view") }}
with

order_lines as (

    select * from {{ ref('stg_online_retail__order_lines') }}

),

-- Rows are compared as they were understood (`6` is `6.0`), and as they were written where they
-- were not.
numbered as (

    select
        *,
        row_number() over (
            partition by
                invoice_no,
                stock_code,
                description,
                quantity,
                ordered_at,
                unit_price,
                customer_id,
                country,
                case when quantity is null then quantity_text end,
                case when ordered_at is null then invoice_date_text end,
                case when unit_price is null then unit_price_text end,
                parse_error,
                raw_line
            order by source_file, source_row
        ) as copy_number
    from order_lines

)

select * from numbered
