{#
    A query of the sale line whose value is the most times the largest of its product's past, as a
    sentence with its severity, where that is more than a data contract of shop.yml says.
#}
{% macro jump_of(column, contract) -%}
{{ config(fail_calc='coalesce(max(severity), 0)', warn_if='>0', error_if='>1') }}
with

sales as (

    select
        source_file,
        source_row,
        product,
        order_date,
        ordered_at,
        {{ column }} as value
    from {{ ref('fct_order_lines') }}
    where line_type = 'sale'

),

days as (

    select
        product,
        order_date,
        min(value) as smallest,
        max(value) as largest,
        count(*) as lines
    from sales
    group by product, order_date

),

days_with_past as (

    select
        *,
        max(largest) over earlier as largest_earlier,
        coalesce(sum(lines) over earlier, 0) as lines_earlier
    from days
    window earlier as (
        partition by product
        order by order_date
        rows between unbounded preceding and 1 preceding
    )

),

-- The past of a line reaches at least as far as that of its day: no other day has a jump.
lines_with_past as (

    select
        sales.source_file,
        sales.source_row,
        sales.product,
        sales.value,
        greatest(
            coalesce(max(sales.value) over past, 0), coalesce(days.largest_earlier, 0)
        ) as largest_before,
        days.lines_earlier + count(*) over past as lines_before
    from sales
    inner join days_with_past as days
        on sales.product = days.product and sales.order_date = days.order_date
    where
        days.lines_earlier + days.lines > {{ var('jump_lines') }}
        and {{ contract_severity(
            'cast(days.largest as double)
            / cast(coalesce(days.largest_earlier, days.smallest) as double)',
            contract
        ) }} > 0
    window past as (
        partition by sales.product, sales.order_date
        order by sales.ordered_at, sales.source_file, sales.source_row
        rows between unbounded preceding and 1 preceding
    )

),

jumps as (

    select
        *,
        cast(value as double) / cast(largest_before as double) as times
    from lines_with_past
    where lines_before >= {{ var('jump_lines') }}

),

rated as (

    select
        *,
        {{ contract_severity('times', contract) }} as severity
    from jumps

),

judged as (

    select
        *,
        count(*) over () as lines
    from rated
    where severity > 0

)

select
    severity,
    source_file || ' row ' || cast(source_row as {{ dbt.type_string() }}) || ': {{ column }} '
    || cast(cast(value as decimal(18, 2)) as {{ dbt.type_string() }}) || ' of product ' || product
    || ' is ' || cast(cast(round(times) as bigint) as {{ dbt.type_string() }})
    || ' times the largest before; lines with so large a jump: '
    || cast(lines as {{ dbt.type_string() }})
    || '; contracts.{{ contract }} in shop.yml says from where on it is one' as sentence
from judged
order by times desc, source_file asc, source_row asc
limit 1
{%- endmacro %}
