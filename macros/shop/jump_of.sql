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
        {{ column }} as value,
        max({{ column }}) over past as largest_before,
        count(*) over past as lines_before
    from {{ ref('fct_order_lines') }}
    where line_type = 'sale'
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
    from sales
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
order by times desc
limit 1
{%- endmacro %}
