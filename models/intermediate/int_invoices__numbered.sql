-- One row per invoice and customer (in practice one per invoice): its value, and its number among
-- the customer's orders.
{%- set fixed, relative = ref('order_sizes'), ref('order_size_quantiles') %}
with

order_lines as (

    select * from {{ ref('int_order_lines__classified') }}
    where reject_reason is null

),

invoices as (

    select
        invoice_no,
        customer_id,
        {{ month_start('min(ordered_at)') }} as month_start,
        min(case when line_type = 'sale' then ordered_at end) as first_sale_at,
        abs(coalesce(sum(case when line_type in ('sale', 'return') then amount end), 0))
            as order_value
    from order_lines
    group by invoice_no, customer_id

),

{{ order_sizes(fixed, relative) }},

smallest as (

    select min(order_size) as order_size from {{ relative }}
    where quantile = 0

),

-- Only sales by a known customer are orders that can be counted off.
numbered as (

    select
        *,
        row_number() over (
            partition by customer_id, first_sale_at is null
            order by first_sale_at, invoice_no
        ) as sequence_number
    from invoices

),

sized as (

    select
        numbered.invoice_no,
        numbered.customer_id,
        numbered.first_sale_at,
        numbered.order_value,
        case
            when numbered.customer_id is not null and numbered.first_sale_at is not null
                then cast(numbered.sequence_number as bigint)
        end as order_number,
        -- A month with returns alone may have no sizes yet.
        coalesce(order_sizes.order_size, smallest.order_size) as order_size,
        case
            when numbered.customer_id is null then 'guest'
            when numbered.first_sale_at is not null and numbered.sequence_number = 1 then 'new'
            else 'returning'
        end as customer_type
    from numbered
    left join order_sizes
        on {{ order_size_fits('numbered', 'order_sizes') }}
    cross join smallest

),

final as (

    select
        *,
        {{ line_hash(['first_sale_at', 'order_number', 'order_size', 'customer_type']) }}
            as invoice_hash
    from sized

)

select * from final
