-- JSON files of which a few objects have other keys than the rest: a field is lost, or misspelt.
{{ config(severity='warn') }}
select
    source_file,
    source_file || ' has ' || note || '; correct it if a name is misspelt or missing' as sentence
from {{ ref('stg_online_retail__files') }}
where form = 'jsonl' and note like '%objects whose keys are not those of the others%'
order by source_file
