-- One row per raw row, each with either a `line_type` or a `reject_reason`: no row is in neither,
-- none in both.
with

order_lines as (

    select * from {{ ref('int_order_lines__deduplicated') }}

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

checked as (

    select
        order_lines.*,
        service_stock_codes.stock_code is not null as is_service,
        case
            when order_lines.copy_number > 1 then 'duplicate'
            when
                order_lines.parse_error is not null
                or order_lines.invoice_no is null
                or order_lines.stock_code is null
                or order_lines.quantity is null
                or order_lines.ordered_at is null
                or order_lines.unit_price is null
                or order_lines.amount is null
                then 'malformed'
        end as reject_reason
    from order_lines
    left join service_stock_codes on order_lines.stock_code = service_stock_codes.stock_code

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
