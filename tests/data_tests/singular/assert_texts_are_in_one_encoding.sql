-- Raw files with lines in two encodings: how they are read, row by row, is a guess.
{{ config(severity='warn') }}
select
    source_file,
    source_file || ' is in two encodings (' || encoding || '): ' || note
    || '; save it anew as UTF-8' as sentence
from {{ ref('stg_online_retail__files') }}
where encoding in ('utf-8 and cp1252', 'cp1252 and utf-8')
order by source_file
