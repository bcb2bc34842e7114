-- One row per invoice and customer (in practice one per invoice): its value, and its number among
-- the customer's orders.
with

order_lines as (

    select * from {{ ref('int_order_lines__classified') }}
    where reject_reason is null

),

order_sizes as (

    select
        order_size,
        lower_bound,
        lead(lower_bound) over (order by lower_bound) as upper_bound
    from {{ ref('order_sizes') }}

),

invoices as (

    select
        invoice_no,
        customer_id,
        min(case when line_type = 'sale' then ordered_at end) as first_sale_at,
        abs(coalesce(sum(case when line_type in ('sale', 'return') then amount end), 0))
            as order_value
    from order_lines
    group by invoice_no, customer_id

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
        order_sizes.order_size,
        case
            when numbered.customer_id is null then 'guest'
            when numbered.first_sale_at is not null and numbered.sequence_number = 1 then 'new'
            else 'returning'
        end as customer_type
    from numbered
    left join order_sizes
        on
            numbered.order_value >= order_sizes.lower_bound
            and (
                order_sizes.upper_bound is null
                or numbered.order_value < order_sizes.upper_bound
            )

),

final as (

    select
        *,
        {{ line_hash(['first_sale_at', 'order_number', 'order_size', 'customer_type']) }}
            as invoice_hash
    from sized

)

select * from final
