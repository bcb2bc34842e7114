-- Raw files with malformed rows, and the first of these. Any is worth a look. The build stops where
-- more than 5 % of a file are malformed, and at least 20 rows or all of them.
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
        min(case when reject_reason = 'malformed' then source_row end) as first_row
    from order_lines
    group by source_file

),

final as (

    select
        counted.source_file,
        counted.malformed_rows,
        counted.all_rows,
        counted.first_row,
        {{ malformed_detail('staged') }} as why,
        case
            when staged.parse_error is not null then staged.raw_line
            when staged.quantity is null then staged.quantity_text
            when staged.ordered_at is null then staged.invoice_date_text
            when staged.unit_price is null then staged.unit_price_text
        end as found,
        case
            when
                counted.malformed_rows > 0.05 * counted.all_rows
                and (counted.malformed_rows >= 20 or counted.malformed_rows = counted.all_rows)
                then 2
            else 1
        end as severity
    from counted
    inner join staged
        on
            counted.source_file = staged.source_file
            and counted.first_row = staged.source_row

)

select * from final
order by severity desc, source_file asc
