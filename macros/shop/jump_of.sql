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
        product,
        largest,
        coalesce(max(largest) over earlier, smallest) as reached_before,
        coalesce(sum(lines) over earlier, 0) + lines as lines_so_far
    from days
    window earlier as (
        partition by product
        order by order_date
        rows between unbounded preceding and 1 preceding
    )

),

-- The past of a line reaches at least as far as that of its day: no other product has a jump.
suspected as (

    select distinct product
    from days_with_past
    where
        lines_so_far > {{ var('jump_lines') }}
        and {{ contract_severity(
            'cast(largest as double) / cast(reached_before as double)', contract
        ) }} > 0

),

lines_with_past as (

    select
        source_file,
        source_row,
        product,
        value,
        max(value) over past as largest_before,
        count(*) over past as lines_before
    from sales
    where product in (select product from suspected)
    window past as (
        partition by product
        order by ordered_at, source_file, source_row
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
