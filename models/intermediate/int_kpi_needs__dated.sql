-- One row per thing that some KPIs need of the source: since when it is there, or why it is not.
{%- set home = shop().home_country %}
{%- set unknown = sql_text(var('unknown_country')) %}
with

order_lines as (

    select
        *,
        cast(ordered_at as date) as order_date
    from {{ ref('int_order_lines__classified') }}
    where line_type in ('sale', 'return')

),

invoices as (

    select * from {{ ref('int_invoices__numbered') }}

),

-- A need is met with so many different members: a second country, an eleventh product.
needs as (
    {% for need, members in kpi_needs().items() %}
    select '{{ need }}' as need, {{ members }} as members
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

members as (

    select 'customers' as need, customer_id as member, order_date from order_lines
    where customer_id is not null
    union all
    select 'repeat_customers', customer_id, cast(first_sale_at as date) from invoices
    where order_number > 1
    union all
    select 'several_countries', country, order_date from order_lines
    where country != {{ unknown }}
    union all
    select
        'home_and_abroad',
        case when lower(country) = lower({{ sql_text(home) }}) then 'home' else 'abroad' end,
        order_date
    from order_lines
    where country != {{ unknown }}
    union all
    select 'returns', 'return', order_date from order_lines
    where line_type = 'return'
    union all
    select 'many_products', stock_code, order_date from order_lines
    where line_type = 'sale'

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
        need,
        available_since,
        case
            when available_since is not null then null
            {{ unmet_need('compared', home) }}
        end as off_reason
    from compared

)

select * from final
