-- One row per spelling of a country in the raw files.
with

source as (

    select * from {{ source('online_retail', 'countries') }}

),

final as (

    select
        spelling,
        {{ compose_text('country') }} as country,
        standard_name
    from source

)

select * from final
