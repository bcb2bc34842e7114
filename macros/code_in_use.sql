{#
    What incremental models are built with now: the project's files, as the `ingest` plugin tells in
    raw.project, and settings given by word.
#}
{% macro code_in_use() -%}
    {%- if execute -%}
        {%- set files = run_query('select code_hash from raw.project').columns[0].values()[0] -%}
        {{ return('built with ' ~ files ~ local_md5(invocation_args_dict.get('vars') | string)) }}
    {%- endif -%}
{%- endmacro %}
