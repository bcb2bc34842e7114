-- One row per country name that order lines use, with its market and its region.
with

order_lines as (

    select * from {{ ref('int_order_lines__classified') }}
    where reject_reason is null

),

regions as (

    select * from {{ ref('countries') }}

),

names as (

    select
        country,
        min(standard_name) as standard_name
    from {{ ref('stg_online_retail__countries') }}
    group by country

),

used as (

    select distinct country from order_lines

),

final as (

    select
        used.country,
        case
            when used.country = {{ sql_text(var('unknown_country')) }} then 'unknown'
            when lower(used.country) = lower({{ sql_text(shop().home_country) }}) then 'domestic'
            else 'international'
        end as market,
        coalesce(regions.region, standard_regions.region, 'Elsewhere') as region
    from used
    left join names on used.country = names.country
    left join regions on used.country = regions.country
    left join regions as standard_regions on names.standard_name = standard_regions.country

)

select * from final
