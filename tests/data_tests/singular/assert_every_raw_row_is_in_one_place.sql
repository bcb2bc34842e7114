-- Raw files whose rows do not all end in exactly one of the accepted and the rejected table, and
-- files of which only these tables know.
with

files as (

    select * from {{ ref('dim_sources') }}

),

order_lines as (

    select * from {{ ref('fct_order_lines') }}

),

rejected_lines as (

    select * from {{ ref('fct_rejected_order_lines') }}

),

accepted as (

    select
        source_file,
        count(*) as accepted_rows
    from order_lines
    group by source_file

),

rejected as (

    select
        rejected_lines.source_file,
        count(*) as rejected_rows,
        count(order_lines.source_row) as rows_in_both
    from rejected_lines
    left join order_lines
        on
            rejected_lines.source_file = order_lines.source_file
            and rejected_lines.source_row = order_lines.source_row
    group by rejected_lines.source_file

),

final as (

    select
        files.raw_rows,
        coalesce(files.source_file, accepted.source_file, rejected.source_file) as source_file,
        coalesce(accepted.accepted_rows, 0) as accepted_rows,
        coalesce(rejected.rejected_rows, 0) as rejected_rows,
        coalesce(rejected.rows_in_both, 0) as rows_in_both
    from files
    full join accepted on files.source_file = accepted.source_file
    full join rejected
        on coalesce(files.source_file, accepted.source_file) = rejected.source_file
    where
        files.source_file is null
        or files.raw_rows
        != coalesce(accepted.accepted_rows, 0) + coalesce(rejected.rejected_rows, 0)
        or files.raw_rows != files.classified_rows
        or rejected.rows_in_both > 0

)

select * from final
