-- One row per accepted order line, with its type, its amounts and every dimension that KPIs are
-- broken down by. On DuckDB only the days with other rows, orders or products than before are done.
{{ config(
    materialized='incremental' if target.type == 'duckdb' else 'table',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook=[
        '{{ add_shop_columns() }}',
        '{{ set_quantity_types() }}',
        "{{ delete_changed_periods('order_date', days_to_describe()) }}",
    ],
    post_hook='{{ set_build_hash() }}'
) }}
{%- set changed_days = days_to_describe() %}
with

order_lines as (

    select * from {{ ref('int_order_lines__classified') }}
    where
        reject_reason is null
        {%- if is_incremental() %}
        and {{ date_in_list('cast(ordered_at as date)', date_literals(changed_days)) }}
        {%- endif %}

),

invoices as (

    select * from {{ ref('int_invoices__numbered') }}

),

products as (

    select * from {{ ref('int_products__described') }}

),

countries as (

    select * from {{ ref('dim_countries') }}

),

final as (

    select
        order_lines.source_file,
        order_lines.source_row,
        order_lines.invoice_no,
        order_lines.line_type,
        order_lines.ordered_at,
        cast(order_lines.ordered_at as date) as order_date,
        cast(extract(hour from order_lines.ordered_at) as integer) as hour,
        order_lines.customer_id,
        order_lines.country,
        countries.market,
        {{ shop_dimension('region', 'countries.region') }} as region,
        order_lines.stock_code as product,
        products.description,
        {{ shop_dimension('category', 'products.category') }} as category,
        invoices.customer_type,
        invoices.order_size,
        invoices.order_number,
        coalesce(
            invoices.order_number = 1
            and cast(invoices.first_sale_at as date) = cast(order_lines.ordered_at as date),
            false
        ) as is_first_order,
        order_lines.quantity,
        order_lines.unit_price,
        order_lines.amount,
        case
            when order_lines.line_type = 'sale' then order_lines.amount
            else cast(0 as decimal(27, 8))
        end as gross_revenue,
        -- Not `-amount`: Sail 0.7.2 moves the point of a decimal that it negates.
        case
            when order_lines.line_type = 'return'
                then cast(0 - order_lines.amount as decimal(27, 8))
            else cast(0 as decimal(27, 8))
        end as returned_revenue,
        case
            when order_lines.line_type in ('sale', 'return') then order_lines.amount
            else cast(0 as decimal(27, 8))
        end as net_revenue,
        cast(
            case when order_lines.line_type = 'sale' then order_lines.quantity else 0 end
            as {{ quantity_type() }}
        ) as units,
        {{ described_line_hash() }} as line_hash{{ shop_columns() }} -- noqa: LT02
    from {{ described_lines('order_lines', 'invoices', 'products') }}
    left join countries on order_lines.country = countries.country

)

select * from final
