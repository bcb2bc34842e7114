-- Rows dated after tomorrow (a shop's clock may be ahead of ours) or before the shop can have
-- existed. One such row would stretch the calendar over decades, so the build stops here, before
-- any table that people read is touched.
with

order_lines as (

    select * from {{ ref('stg_online_retail__order_lines') }}

),

final as (

    select
        source_file,
        source_row,
        invoice_no,
        invoice_date_text,
        ordered_at
    from order_lines
    where
        cast(ordered_at as date) > current_date + interval '1' day
        or cast(ordered_at as date) < cast('{{ var("earliest_order_date") }}' as date)

)

select * from final
