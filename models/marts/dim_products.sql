-- One row per stock code that order lines use.
with

products as (

    select * from {{ ref('int_products__described') }}

),

final as (

    select
        stock_code as product,
        description,
        category,
        is_service
    from products

)

select * from final
