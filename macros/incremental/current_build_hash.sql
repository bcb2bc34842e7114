{#
    The hash of the code that builds incremental models now: the project's files, which the `ingest`
    plugin writes to raw.project, and the `--vars` given.
#}
{% macro current_build_hash() -%}
    {%- if execute -%}
        {%- set files = asked_once('select code_hash from raw.project').columns[0].values()[0] -%}
        {{ return('built with ' ~ files ~ local_md5(invocation_args_dict.get('vars') | string)) }}
    {%- endif -%}
{%- endmacro %}
