{#
    A query of the orders of customers who cancelled lines whole, numbered without those of which
    nothing stayed; `first_date` is the first day of what stayed. Reads the CTE `reversals`. Not a
    CTE of the lines: of one with several readers DuckDB keeps every column.
#}
{% macro orders_without_cancelled() -%}
select
        customer_id,
        order_number,
        first_date,
        row_number() over (partition by customer_id order by order_number) as new_number
    from (
        select
            kpi_lines.customer_id,
            kpi_lines.order_number,
            min(case when not coalesce(reversals.is_whole, false) then kpi_lines.order_date end)
                as first_date
        from {{ ref('fct_kpi_lines') }} as kpi_lines
        left join reversals
            on
                kpi_lines.source_file = reversals.sale_source_file
                and kpi_lines.source_row = reversals.sale_source_row
        where
            kpi_lines.line_type = 'sale'
            and kpi_lines.order_number is not null
            and kpi_lines.customer_id in (select customer_id from reversals where is_whole)
        group by kpi_lines.customer_id, kpi_lines.order_number
    ) as orders
    where first_date is not null
{%- endmacro %}
