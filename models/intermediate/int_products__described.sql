-- One row per stock code, with its best description (the one most sale lines use) and the category
-- it falls into.
with

order_lines as (

    select * from {{ ref('int_order_lines__classified') }}
    where reject_reason is null

),

-- Keywords of the public data set mean nothing in another shop.
categories as (

    select * from {{ ref('categories') }}
    {%- if not shop().is_uci %}
    where false
    {%- endif %}

),

described as (

    select
        stock_code,
        description,
        sum(case when line_type = 'sale' then 1 else 0 end) as sale_lines,
        sum(case when line_type = 'service' then 1 else 0 end) as service_lines,
        count(*) as all_lines
    from order_lines
    group by stock_code, description

),

ranked as (

    select
        *,
        sum(service_lines) over (partition by stock_code) > 0 as is_service,
        row_number() over (
            partition by stock_code
            order by
                case when description is null then 1 else 0 end asc,
                sale_lines desc,
                all_lines desc,
                description asc
        ) as description_rank
    from described

),

products as (

    select
        stock_code,
        description,
        is_service,
        ' ' || translate(upper(description), '-.,/&()', '       ') || ' ' as padded_description
    from ranked
    where description_rank = 1

),

-- Whole words, singular or plural; the category that stands first in the lookup wins.
matched as (

    select
        products.stock_code,
        min(categories.priority) as priority
    from products
    inner join categories
        on
            products.padded_description like '% ' || categories.keyword || ' %'
            or products.padded_description like '% ' || categories.keyword || 'S %'
    group by products.stock_code

),

category_names as (

    select distinct
        priority,
        category
    from categories

),

categorised as (

    select
        products.stock_code,
        products.description,
        products.is_service,
        case
            when products.is_service then 'Service'
            else coalesce(category_names.category, 'Other')
        end as category
    from products
    left join matched on products.stock_code = matched.stock_code
    left join category_names on matched.priority = category_names.priority

),

final as (

    select
        *,
        {{ line_hash(['description', 'category']) }} as product_hash
    from categorised

)

select * from final
