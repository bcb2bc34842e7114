-- Lines that lines.ignore leaves out of a file while an older one, or one as old, has them as sales
-- or returns: an order that was paid in one export and cancelled in the next still counts.
{{ config(severity='warn') }}
with

order_lines as (

    select
        source_file,
        source_row,
        invoice_no,
        stock_code,
        ordered_at,
        amount,
        reject_reason,
        line_type
    from {{ ref('int_order_lines__classified') }}

),

-- From the table, not the CTE: of one with several readers DuckDB keeps every column in memory.
left_out as (

    select
        source_file,
        invoice_no,
        stock_code,
        min(source_row) as first_row
    from {{ ref('int_order_lines__classified') }}
    where reject_reason = 'ignored' and invoice_no is not null and stock_code is not null
    group by source_file, invoice_no, stock_code

),

files as (

    select
        source_file,
        max(ordered_at) as last_moment
    from {{ ref('int_order_lines__classified') }}
    group by source_file

),

counted as (

    select
        left_out.source_file,
        left_out.first_row,
        order_lines.source_file as counted_file,
        order_lines.source_row as counted_row,
        order_lines.invoice_no,
        order_lines.amount
    from left_out
    inner join order_lines
        on
            left_out.invoice_no = order_lines.invoice_no
            and left_out.stock_code = order_lines.stock_code
            and left_out.source_file != order_lines.source_file
    inner join files as newer on left_out.source_file = newer.source_file
    inner join files as older on order_lines.source_file = older.source_file
    where
        order_lines.line_type in ('sale', 'return')
        and older.last_moment <= newer.last_moment

),

numbered as (

    select
        *,
        row_number() over (order by source_file, first_row, counted_file, counted_row) as place
    from counted

),

totals as (

    select
        count(distinct invoice_no) as orders,
        sum(amount) as total
    from counted

)

select
    numbered.source_file || ' row ' || cast(numbered.first_row as {{ dbt.type_string() }})
    || ': order ' || numbered.invoice_no
    || ' is left out by lines.ignore in shop.yml, and counts in ' || numbered.counted_file
    || ' row ' || cast(numbered.counted_row as {{ dbt.type_string() }}) || '; orders like it: '
    || cast(totals.orders as {{ dbt.type_string() }}) || ', worth '
    || cast(cast(totals.total as decimal(18, 2)) as {{ dbt.type_string() }})
    || '; take them out of the older file if they were cancelled' as sentence
from numbered
cross join totals
where numbered.place = 1
