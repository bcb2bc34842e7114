{# What incremental models are built with now: the project's files, and settings given by word. #}
{% macro code_in_use() -%}
    {%- set query = 'select code_hash from ' ~ source('online_retail', 'project') -%}
    {%- if execute -%}
        {%- set files = run_query(query).columns[0].values()[0] -%}
        {{ return('built with ' ~ files ~ local_md5(invocation_args_dict.get('vars') | string)) }}
    {%- endif -%}
{%- endmacro %}
