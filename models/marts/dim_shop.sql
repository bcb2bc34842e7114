-- One row: whose figures these are, as the project is configured.
with

currencies as (

    select * from {{ ref('currencies') }}

),

settings as (

    select
        {{ sql_text(var('home_country')) }} as home_country,
        {{ sql_text(var('currency') | upper) }} as currency

),

final as (

    select
        settings.home_country,
        settings.currency,
        coalesce(currencies.sign, settings.currency) as currency_sign
    from settings
    left join currencies on settings.currency = currencies.currency

)

select * from final
