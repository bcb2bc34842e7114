-- One row per raw file that was read.
with

source as (

    select * from {{ source('online_retail', 'files') }}

),

final as (

    select
        source_file,
        form,
        encoding,
        raw_rows,
        bytes,
        landed_at,
        origin,
        location,
        date_order,
        date_evidence,
        preset,
        currency,
        columns,
        note
    from source

)

select * from final
