-- The longest run of days without any row, among plausible dates. One stray date would stretch the
-- calendar over years of empty days: above two months it is worth a look, above a year the build
-- stops.
{{ config(fail_calc='coalesce(max(days), 0)', warn_if='>60', error_if='>366') }}
with

order_lines as (

    select * from {{ ref('stg_online_retail__order_lines') }}

),

days as (

    select distinct cast(ordered_at as date) as order_date
    from order_lines
    where
        cast(ordered_at as date) <= current_date + interval '1' day
        and cast(ordered_at as date) >= cast('{{ var("earliest_order_date") }}' as date)

),

gaps as (

    select
        order_date as day_before,
        lead(order_date) over (order by order_date) as day_after
    from days

),

final as (

    select
        day_before,
        day_after,
        {{ dbt.datediff('day_before', 'day_after', 'day') }} as days -- noqa: LT05
    from gaps
    where day_after is not null
    order by days desc, day_before asc
    limit 1

)

select * from final
