{#
    Runs after a build. A Parquet file is read where it is, by several queries: if somebody wrote
    into it meanwhile, the tables may hold rows of two moments, so nothing is published.
#}
{% macro insist_on_unchanged_files() -%}
    {{ return(adapter.dispatch('insist_on_unchanged_files')()) }}
{%- endmacro %}

{% macro default__insist_on_unchanged_files() -%}
    {%- if execute and flags.WHICH in ['build', 'run'] -%}
        {%- for path in run_query('select path from raw.changed_files').columns[0] -%}
            {%- do exceptions.raise_compiler_error(
                path ~ ' changed while it was read; run again when it is complete'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{% macro spark__insist_on_unchanged_files() -%}
{%- endmacro %}
