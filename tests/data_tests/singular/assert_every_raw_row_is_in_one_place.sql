-- Raw files whose rows do not all end in exactly one of the accepted and the rejected table.
with

files as (

    select * from {{ ref('dim_sources') }}

),

accepted as (

    select
        source_file,
        count(*) as accepted_rows
    from {{ ref('fct_order_lines') }}
    group by source_file

),

rejected as (

    select
        source_file,
        count(*) as rejected_rows
    from {{ ref('fct_rejected_order_lines') }}
    group by source_file

),

final as (

    select
        files.source_file,
        files.raw_rows,
        coalesce(accepted.accepted_rows, 0) as accepted_rows,
        coalesce(rejected.rejected_rows, 0) as rejected_rows
    from files
    left join accepted on files.source_file = accepted.source_file
    left join rejected on files.source_file = rejected.source_file
    where
        files.raw_rows != coalesce(accepted.accepted_rows, 0) + coalesce(rejected.rejected_rows, 0)
        or files.raw_rows != files.classified_rows

)

select * from final
