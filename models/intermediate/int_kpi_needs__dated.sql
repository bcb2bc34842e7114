-- One row per thing that some KPIs need of the source: since when it is there, or why it is not.
{%- set needs = kpi_needs() %}
with

order_lines as (

    select
        *,
        cast(ordered_at as date) as order_date
    from {{ ref('int_order_lines__classified') }}
    where line_type in ('sale', 'return')

),

orders as (

    select
        *,
        cast(first_sale_at as date) as order_date
    from {{ ref('int_invoices__numbered') }}

),

needs as (
    {% for name, need in needs.items() %}
    select
        '{{ name }}' as need,
        {{ need.members }} as members
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

members as (
    {% for name, need in needs.items() %}
    select
        '{{ name }}' as need,
        {{ need.member }} as member,
        order_date
    from {{ need.of }}
    where {{ need.where }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

first_days as (

    select
        need,
        member,
        min(order_date) as first_day
    from members
    group by need, member

),

numbered as (

    select
        *,
        row_number() over (partition by need order by first_day, member) as place
    from first_days

),

dated as (

    select
        needs.need,
        min(case when numbered.place = needs.members then numbered.first_day end)
            as available_since,
        count(numbered.member) as members,
        min(numbered.member) as first_member
    from needs
    left join numbered on needs.need = numbered.need
    group by needs.need

),

compared as (

    select
        *,
        max(case when need = 'customers' then members end) over () as customers,
        max(case when need = 'several_countries' then members end) over () as countries,
        max(case when need = 'several_countries' then first_member end) over () as country
    from dated

),

final as (

    select
        compared.need,
        compared.available_since,
        case
            when compared.available_since is not null then null
            {{ unmet_need('compared') }}
        end as off_reason
    from compared

)

select * from final
