{#
    The products with the highest gross revenue of each period, best first, ties by stock code: as
    many as the measure of their revenue says.
#}
{% macro top_products(grain) %}
{%- set measures = kpi_measures(grain) | selectattr('column', 'equalto', 'top_product_revenue') -%}
{%- set limits = measures | map(attribute='largest') | map(attribute='members') | list -%}

with

sales as (

    select * from {{ ref('int_order_lines__classified') }}
    where line_type = 'sale'

),

sold as (

    select
        {{ period_start('ordered_at', grain) }} as period_start,
        stock_code as product,
        cast(sum(amount) as decimal(38, 8)) as gross_revenue
    from sales
    group by 1, 2

),

ranked as (

    select
        *,
        row_number() over (partition by period_start order by gross_revenue desc, product)
            as product_rank
    from sold

)

select * from ranked
where product_rank <= {{ limits[0] if limits else 0 }}
{% endmacro %}
