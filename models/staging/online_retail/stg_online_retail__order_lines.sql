-- One row per raw row: trimmed, upper-cased and typed; what can't be read is NULL. Nothing is
-- dropped here. On DuckDB only what is new in the raw files is read.
{{ config(
    materialized='incremental' if target.type == 'duckdb' else 'view',
    incremental_strategy='append',
    pre_hook='{{ forget_changed_rows() }}',
    post_hook='{{ remember_code() }}'
) }}
with

source as (

    select
        *,
        {{ raw_row_hash() }} as kept_row_hash
    from {{ source('online_retail', 'order_lines') }} as order_lines
    {%- if is_incremental() %}
    where
        source_file in ({{ changed_files(this) }})
        and not {{ raw_row_in('order_lines', this) }}
    {%- endif %}

),

trimmed as (

    select
        source_file,
        source_row,
        kept_row_hash as row_hash,
        parse_error,
        raw_line,
        upper({{ clean_text('invoice_no') }}) as invoice_no,
        upper({{ clean_text('stock_code') }}) as stock_code,
        {{ clean_text('description') }} as description,
        {{ clean_text('quantity') }} as quantity_text,
        {{ clean_text('invoice_date') }} as invoice_date_text,
        {{ clean_text('unit_price') }} as unit_price_text,
        {{ clean_text('customer_id') }} as customer_id_text,
        {{ clean_text('country') }} as country
    from source

),

typed as (

    select
        *,
        {{ parse_quantity('quantity_text') }} as quantity,
        {{ parse_timestamp('invoice_date_text') }} as ordered_at,
        {{ parse_decimal('unit_price_text') }} as unit_price,
        nullif(regexp_replace(customer_id_text, '[.]0+$', ''), '') as customer_id
    from trimmed

),

final as (

    select
        source_file,
        source_row,
        invoice_no,
        stock_code,
        description,
        quantity,
        ordered_at,
        unit_price,
        try_cast(quantity * unit_price as decimal(27, 8)) as amount,
        customer_id,
        country,
        quantity_text,
        invoice_date_text,
        unit_price_text,
        parse_error,
        raw_line,
        row_hash
    from typed

)

select * from final
