-- One row per public holiday that the `holidays` package knows of the shop's country.
with

source as (

    select * from {{ source('online_retail', 'holidays') }}

),

final as (

    select
        date_day,
        holiday
    from source

)

select * from final
