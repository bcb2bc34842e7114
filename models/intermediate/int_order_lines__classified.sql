-- One row per raw row, each with either a `line_type` or a `reject_reason`: no row is in neither,
-- none in both. On DuckDB only the days with other rows than before are done.
{{ config(
    materialized='incremental' if target.type == 'duckdb' else 'table',
    incremental_strategy='append',
    pre_hook="{{ delete_changed_periods('cast(ordered_at as date)', days_to_classify()) }}",
    post_hook='{{ set_build_hash() }}'
) }}
{%- set staged = lines_to_classify() %}
{%- set rules = shop() %}
{%- set unknown = sql_text(var('unknown_country')) | trim %}
with

service_codes as (

    select * from {{ ref('service_codes') }}

),

-- `GIFT*` in the lookup stands for every code that begins with GIFT.
service_stock_codes as (

    select distinct stock_codes.stock_code
    from (select distinct stock_code from {{ staged }}) as stock_codes
    inner join service_codes
        on stock_codes.stock_code like replace(service_codes.code, '*', '%')

),

copies as (

    {{ duplicate_lines(staged, rules.duplicates) }}

),

checked as (

    select
        order_lines.*,
        {% if rules.is_uci %}service_stock_codes.stock_code is not null or {% endif -%}
        coalesce(order_lines.line_mark = 'service', false) as is_service,
        case
            when order_lines.line_mark = 'ignored' then 'ignored'
            when copies.copy_number > 1 then 'duplicate'
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
    from {{ staged }}
    left join copies
        on
            order_lines.source_file = copies.source_file
            and order_lines.source_row = copies.source_row
    left join service_stock_codes on order_lines.stock_code = service_stock_codes.stock_code

),

final as (

    select
        source_file,
        source_row,
        reject_reason,
        invoice_no || {{ day_of_number(rules.numbers_by_day) }} as invoice_no,
        stock_code,
        description,
        quantity,
        ordered_at,
        unit_price,
        amount,
        customer_id,
        attributes,
        row_hash,
        coalesce(
            case when lower(country) not in ('unknown', lower({{ unknown }})) then country end,
            {{ unknown }}
        ) as country,
        case
            when reject_reason is not null then null
            when is_service then 'service'
            when
                unit_price = 0 or quantity = 0 or (unit_price < 0 and quantity < 0)
                {%- if rules.is_uci %}
                or {{ matches('invoice_no', 'A[0-9]+') }}
                or ({{ matches('invoice_no', 'C[0-9]+') }} and quantity > 0)
                {%- endif %}
                then 'adjustment'
            when unit_price < 0 or quantity < 0 then 'return'
            else 'sale'
        end as line_type
    from checked

)

select * from final
