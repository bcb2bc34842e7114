-- Raw files with malformed rows, and the first of these. Any is worth a look. The build stops where
-- more of a file are malformed than the contract says, and at least 20 rows or all of them.
{{ config(fail_calc='coalesce(max(severity), 0)', warn_if='>0', error_if='>1') }}
with

order_lines as (

    select * from {{ ref('int_order_lines__classified') }}

),

staged as (

    select * from {{ ref('stg_online_retail__order_lines') }}

),

counted as (

    select
        source_file,
        count(*) as all_rows,
        sum(case when reject_reason = 'malformed' then 1 else 0 end) as malformed_rows,
        min(case when reject_reason = 'malformed' then source_row end) as first_row,
        cast(sum(case when reject_reason = 'malformed' then 1 else 0 end) as double) / count(*)
            as malformed_share
    from order_lines
    group by source_file

),

first_rows as (

    select
        counted.*,
        {{ malformed_detail('staged') }} as why,
        case
            when staged.parse_error is not null then staged.raw_line
            when staged.quantity is null then staged.quantity_text
            when staged.ordered_at is null then staged.invoice_date_text
            when staged.unit_price is null then staged.unit_price_text
        end as found,
        case
            when staged.parse_error is not null then 'mend or leave out these lines'
            when staged.invoice_no is null or staged.stock_code is null
                then 'what is no order line is left out by lines.ignore in shop.yml'
            when staged.quantity is null
                then 'columns.quantity in shop.yml says how to read it'
            when staged.ordered_at is null
                then 'columns.ordered_at.format in shop.yml says how to read it'
            else 'columns.unit_price in shop.yml says how to read it'
        end as way_on
    from counted
    inner join staged
        on
            counted.source_file = staged.source_file
            and counted.first_row = staged.source_row

),

final as (

    select
        source_file,
        case
            when {{ contract_severity('malformed_share', 'malformed') }} < 2 then 1
            when malformed_rows >= 20 or malformed_share = 1 then 2
            else 1
        end as severity,
        source_file || ' row ' || cast(first_row as {{ dbt.type_string() }}) || ': ' || why
        || coalesce(' (' || found || ')', '') || '; '
        || cast(malformed_rows as {{ dbt.type_string() }}) || ' of '
        || cast(all_rows as {{ dbt.type_string() }})
        || ' rows of the file are malformed and left out (marts.fct_rejected_order_lines); '
        || way_on || ', contracts.malformed how many may be so' as sentence
    from first_rows

)

select * from final
order by severity desc, source_file asc
