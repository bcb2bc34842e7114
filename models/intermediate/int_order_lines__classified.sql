-- One row per raw row, each with either a `line_type` or a `reject_reason`: no row is in neither,
-- none in both. On DuckDB only the days with other rows than before are done.
{{ config(
    materialized='incremental' if target.type == 'duckdb' else 'table',
    incremental_strategy='append',
    pre_hook="{{ forget_periods('cast(ordered_at as date)', days_to_classify()) }}",
    post_hook='{{ remember_code() }}'
) }}
{%- set changed_days = days_to_classify() %}
with

order_lines as (

    select * from {{ ref('stg_online_retail__order_lines') }}
    {%- if is_incremental() %}
    where {{ in_periods('cast(ordered_at as date)', periods_of(changed_days)) }}
    {%- endif %}

),

service_codes as (

    select * from {{ ref('service_codes') }}

),

stock_codes as (

    select distinct stock_code from order_lines

),

-- `GIFT*` in the lookup stands for every code that begins with GIFT.
service_stock_codes as (

    select distinct stock_codes.stock_code
    from stock_codes
    inner join service_codes
        on stock_codes.stock_code like replace(service_codes.code, '*', '%')

),

-- Rows are compared as they were understood (`6` is `6.0`), and as they were written where they
-- were not. The first of identical rows is kept.
numbered as (

    select
        *,
        row_number() over (
            partition by
                invoice_no, stock_code, description, quantity, ordered_at, unit_price, customer_id,
                country,
                case when quantity is null then quantity_text end,
                case when ordered_at is null then invoice_date_text end,
                case when unit_price is null then unit_price_text end,
                parse_error,
                raw_line
            order by source_file, source_row
        ) as copy_number
    from order_lines

),

checked as (

    select
        numbered.*,
        service_stock_codes.stock_code is not null as is_service,
        case
            when numbered.copy_number > 1 then 'duplicate'
            when
                numbered.parse_error is not null
                or numbered.invoice_no is null
                or numbered.stock_code is null
                or numbered.quantity is null
                or numbered.ordered_at is null
                or numbered.unit_price is null
                or numbered.amount is null
                then 'malformed'
        end as reject_reason
    from numbered
    left join service_stock_codes on numbered.stock_code = service_stock_codes.stock_code

),

final as (

    select
        source_file,
        source_row,
        reject_reason,
        invoice_no,
        stock_code,
        description,
        quantity,
        ordered_at,
        unit_price,
        amount,
        customer_id,
        row_hash,
        coalesce(country, {{ sql_text(var('unknown_country')) }}) as country,
        case
            when reject_reason is not null then null
            when is_service then 'service'
            when invoice_no like 'C%' and quantity < 0 and unit_price > 0 then 'return'
            when
                invoice_no not like 'C%' and invoice_no not like 'A%'
                and quantity > 0 and unit_price > 0
                then 'sale'
            else 'adjustment'
        end as line_type
    from checked

)

select * from final
