-- Raw files with bytes that mean nothing in the encoding that they are read in.
{{ config(severity='warn') }}
select
    source_file,
    source_file || ' may be in another encoding than ' || encoding || ': ' || note
    || '; save it anew as UTF-8, or set source.encoding in shop.yml' as sentence
from {{ ref('stg_online_retail__files') }}
where note like '%rows with bytes that mean nothing in %'
order by source_file
