-- How long ago the newest order line was, where that is more than the contract says.
{{ config(fail_calc='coalesce(max(severity), 0)', warn_if='>0', error_if='>1') }}
with

newest as (

    select max(order_date) as newest_day
    from {{ ref('fct_order_lines') }}

),

ages as (

    select
        newest_day,
        {{ dbt.datediff('newest_day', 'current_date', 'day') }} as days -- noqa: LT05
    from newest

),

final as (

    select
        {{ contract_severity('days', 'freshness_days') }} as severity,
        'the newest order line is of ' || cast(newest_day as {{ dbt.type_string() }}) || ', '
        || cast(days as {{ dbt.type_string() }})
        || ' days ago; contracts.freshness_days in shop.yml says how old it may be' as sentence
    from ages

)

select * from final
where severity > 0
