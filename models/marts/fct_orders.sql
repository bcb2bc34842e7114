-- One row per invoice, day, country and customer: in practice one per invoice.
{{ config(pre_hook='{{ set_quantity_types() }}') }}
with

order_lines as (

    select * from {{ ref('fct_order_lines') }}
    where line_type in ('sale', 'return')

),

final as (

    select
        invoice_no,
        order_date,
        customer_id,
        country,
        market,
        -- One of shop.yml may differ from line to line.
        case when min(region) = max(region) then min(region) end as region,
        customer_type,
        order_size,
        order_number,
        is_first_order,
        min(ordered_at) as ordered_at,
        max(case when line_type = 'sale' then 1 else 0 end) = 1 as is_sale,
        cast(sum(gross_revenue) as decimal(38, 8)) as gross_revenue,
        cast(sum(returned_revenue) as decimal(38, 8)) as returned_revenue,
        cast(sum(net_revenue) as decimal(38, 8)) as net_revenue,
        cast(sum(units) as {{ quantity_type('bigint') }}) as units,
        count(*) as lines
    from order_lines
    group by
        invoice_no, order_date, customer_id, country, market, customer_type, order_size,
        order_number, is_first_order

)

select * from final
