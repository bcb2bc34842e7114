-- One row per raw file that the tables were built from, with its rows accounted for.
with

files as (

    select * from {{ ref('stg_online_retail__files') }}

),

order_lines as (

    select * from {{ ref('int_order_lines__classified') }}

),

counted as (

    select
        source_file,
        count(*) as classified_rows,
        sum(case when reject_reason is null then 1 else 0 end) as accepted_rows,
        sum(case when reject_reason = 'duplicate' then 1 else 0 end) as duplicate_rows,
        sum(case when reject_reason = 'malformed' then 1 else 0 end) as malformed_rows
    from order_lines
    group by source_file

),

final as (

    select
        files.source_file,
        files.form,
        files.encoding,
        files.origin,
        files.location,
        files.date_order,
        files.date_evidence,
        files.preset,
        files.currency,
        files.columns,
        files.note,
        files.bytes,
        files.landed_at,
        files.raw_rows,
        cast(coalesce(counted.classified_rows, 0) as bigint) as classified_rows,
        cast(coalesce(counted.accepted_rows, 0) as bigint) as accepted_rows,
        cast(coalesce(counted.duplicate_rows, 0) as bigint) as duplicate_rows,
        cast(coalesce(counted.malformed_rows, 0) as bigint) as malformed_rows
    from files
    left join counted on files.source_file = counted.source_file

)

select * from final
