-- One row: whose figures these are, as shop.yml and the project say.
{%- set shop = shop() %}
with

currencies as (

    select * from {{ ref('currencies') }}

),

settings as (

    select
        {{ sql_text(shop.get('name')) }} as name,
        {{ sql_text(shop.home_country) }} as home_country,
        {{ sql_text(shop.currency | upper) }} as currency

),

final as (

    select
        settings.name,
        settings.home_country,
        settings.currency,
        coalesce(currencies.sign, settings.currency) as currency_sign
    from settings
    left join currencies on settings.currency = currencies.currency

)

select * from final
