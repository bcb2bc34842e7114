{#
    The raw files whose rows differ from those in a table: `content_hash` is the checksum of the
    rows' `row_hash`. A file that is read in place has none, and counts as changed.
#}
{% macro changed_files(table) -%}
    select coalesce(files.source_file, built.source_file) as source_file
    from {{ source('online_retail', 'files') }} as files
    full join (
        select
            source_file,
            count(*) as raw_rows,
            bit_xor(row_hash) as content_hash
        from {{ table }}
        group by source_file
    ) as built on files.source_file = built.source_file
    where
        files.content_hash is null
        or files.raw_rows is distinct from built.raw_rows
        or files.content_hash is distinct from built.content_hash
{%- endmacro %}
