-- Exact decimal sum of quantity times price: raw rows against accepted plus rejected ones, to the
-- last digit.
with

raw_lines as (

    select sum(cast(amount as decimal(38, 8))) as amount
    from {{ ref('stg_online_retail__order_lines') }}

),

accepted as (

    select sum(cast(amount as decimal(38, 8))) as amount
    from {{ ref('fct_order_lines') }}

),

rejected as (

    select sum(cast(amount as decimal(38, 8))) as amount
    from {{ ref('fct_rejected_order_lines') }}

),

final as (

    select
        raw_lines.amount as raw_amount,
        accepted.amount as accepted_amount,
        rejected.amount as rejected_amount
    from raw_lines
    cross join accepted
    cross join rejected
    where
        coalesce(raw_lines.amount, 0)
        != coalesce(accepted.amount, 0) + coalesce(rejected.amount, 0)

)

select * from final
