-- One row per country name that order lines use, with its market and its region.
with

order_lines as (

    select * from {{ ref('int_order_lines__classified') }}
    where reject_reason is null

),

countries as (

    select * from {{ ref('countries') }}

),

used as (

    select distinct country from order_lines

),

final as (

    select
        used.country,
        case used.country
            when {{ sql_text(var('home_country')) }} then 'domestic'
            when {{ sql_text(var('unknown_country')) }} then 'unknown'
            else 'international'
        end as market,
        coalesce(countries.region, 'Elsewhere') as region
    from used
    left join countries on used.country = countries.country

)

select * from final
