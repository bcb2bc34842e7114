-- One row per public holiday of the shop's country, past and to come.
{%- set shop = shop() %}
with

listed as (

    select
        date_day,
        holiday
    from {{ ref('holidays') }}
    where country = {{ sql_text(shop.home_country) }}

),

computed as (

    select
        date_day,
        holiday
    from {{ ref('stg_online_retail__holidays') }}

),

every_holiday as (

    select * from listed
    union all
    select * from computed

),

final as (

    select
        date_day,
        min(holiday) as holiday
    from every_holiday
    group by date_day

)

select * from final
