{#
    The additive measures by period and every dimension at once. Counts of distinct things are
    spread over the rows that share them (a customer with four lines is a quarter in each), so they
    add up whatever the grouping. Shares are whole numbers of 1e-15 until they are summed: a sum
    of DOUBLEs would depend in its last digit on the order that the rows happen to come in.
#}
{% macro segment_table(granularity) %}
{%- set grain = {'day': 'daily', 'week': 'weekly'}[granularity] -%}
{%- set changed_periods = periods_to_segment(granularity) -%}
{%- set whole = share_unit() -%}
with

order_lines as (

    select
        *,
        {{ period_start('order_date', granularity) }} as period_start,
        line_type = 'sale' as is_sale,
        line_type = 'sale' and order_number > 1 as is_repeat,
        line_type = 'sale' and is_first_order as is_first
    from {{ ref('fct_order_lines') }}
    where
        line_type in ('sale', 'return')
        {%- if is_incremental() %}
        and {{ in_periods(period_start('order_date', granularity), periods_of(changed_periods)) }}
        {%- endif %}

),

signatures as (

    {{ segment_signatures(granularity) }}

),

top_products as (

    select * from {{ ref('int_top_products__' ~ grain) }}

),

{{ weighted_lines() }},

summed as (

    select
        period_start,
        country,
        min(region) as region,
        min(market) as market,
        product,
        min(category) as category,
        customer_type,
        order_size,
        hour,
        cast(sum(gross_revenue) as decimal(38, 8)) as gross_revenue,
        cast(sum(returned_revenue) as decimal(38, 8)) as returned_revenue,
        cast(sum(net_revenue) as decimal(38, 8)) as net_revenue,
        cast(sum(case when customer_id is not null then net_revenue else 0 end) as decimal(38, 8))
            as identified_revenue,
        cast(
            sum(case when market = 'international' then net_revenue else 0 end) as decimal(38, 8)
        ) as international_revenue,
        cast(coalesce(sum(top_product_revenue), 0) as decimal(38, 8)) as top_product_revenue,
        cast(sum(units) as bigint) as units,
        cast(coalesce(sum(order_share), 0) as double) / {{ whole }} as orders,
        cast(coalesce(sum(customer_share), 0) as double) / {{ whole }} as active_customers,
        cast(coalesce(sum(repeat_share), 0) as double) / {{ whole }} as repeat_customers,
        cast(coalesce(sum(first_share), 0) as double) / {{ whole }} as new_customers
    from weighted
    -- A country has one region and one market, a product one category.
    group by period_start, country, product, customer_type, order_size, hour

),

final as (

    select
        summed.*,
        signatures.signature as built_from
    from summed
    inner join signatures on summed.period_start = signatures.period

)

select * from final
{% endmacro %}
