-- One row per raw row: trimmed, upper-cased and typed; what can't be read is NULL. Nothing is
-- dropped here. On DuckDB only what is new in the raw files is read.
{{ config(
    materialized='incremental' if target.type == 'duckdb' else 'view',
    incremental_strategy='append',
    pre_hook='{{ delete_stale_rows() }}',
    post_hook='{{ set_build_hash() }}'
) }}
with

files as (

    select * from {{ source('online_retail', 'files') }}

),

countries as (

    select * from {{ source('online_retail', 'countries') }}

),

source as (

    select * from {{ source('online_retail', 'order_lines') }} as order_lines
    {%- if is_incremental() %}
    where
        source_file in ({{ changed_files(this) }})
        and not {{ raw_row_in('order_lines', this) }}
    {%- endif %}

),

known as (

    select
        source_file,
        source_row,
        {{ raw_row_hash() }} as row_hash,
        parse_error,
        raw_line,
        {{ compose_text('attributes') }} as attributes,
        line_mark,
        {{ null_if_nothing(compose_text(clean_text('invoice_no'))) }} as invoice_no,
        {{ null_if_nothing(compose_text(clean_text('stock_code'))) }} as stock_code,
        {{ null_if_nothing(compose_text(clean_text('description'))) }} as description,
        {{ null_if_nothing(clean_text('quantity')) }} as quantity,
        {{ null_if_nothing(clean_text('invoice_date')) }} as invoice_date,
        {{ null_if_nothing(clean_text('unit_price')) }} as unit_price,
        {{ null_if_guest(compose_text(clean_text('customer_id'))) }} as customer_id,
        {{ null_if_nothing(clean_text('country')) }} as country,
        {{ null_if_nothing(clean_text('line_amount')) }} as line_amount
    from source

),

typed as (

    select
        known.source_file,
        known.source_row,
        known.row_hash,
        known.parse_error,
        known.raw_line,
        upper(known.invoice_no) as invoice_no,
        upper(known.stock_code) as stock_code,
        known.description,
        known.quantity as quantity_text,
        known.invoice_date as invoice_date_text,
        known.unit_price as unit_price_text,
        {{ compose_text('coalesce(countries.country, known.country)') }} as country,
        known.attributes,
        known.line_mark,
        {{ parse_quantity('known.quantity') }} as quantity,
        {{ parse_timestamp('known.invoice_date', 'files.date_order') }} as ordered_at,
        {{ parse_decimal('known.unit_price') }} as given_price,
        {{ parse_decimal('known.line_amount') }} as line_amount,
        nullif(regexp_replace(known.customer_id, '[.]0+$', ''), '') as customer_id
    from known
    left join files on known.source_file = files.source_file
    left join countries on known.country = countries.spelling

),

-- Where a file has the money of a line, that counts, and the price follows from it.
final as (

    select
        source_file,
        source_row,
        invoice_no,
        stock_code,
        description,
        quantity,
        ordered_at,
        case
            when line_amount is null then given_price
            when quantity = 0 then line_amount
            else try_cast(line_amount / quantity as decimal(27, 8))
        end as unit_price,
        coalesce(line_amount, {{ line_money('quantity', 'given_price') }}) as amount,
        customer_id,
        country,
        attributes,
        line_mark,
        quantity_text,
        invoice_date_text,
        unit_price_text,
        parse_error,
        raw_line,
        row_hash
    from typed

)

select * from final
