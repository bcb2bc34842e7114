{#
    Runs before a build. DuckDB is shown the landed files by the `ingest` plugin; Spark finds them
    as Parquet in the folder of the run, and is given tables on it.
#}
{% macro show_raw_lines() -%}
    {{ return(adapter.dispatch('show_raw_lines')()) }}
{%- endmacro %}

{% macro default__show_raw_lines() -%}
{%- endmacro %}

{% macro spark__show_raw_lines() -%}
    {%- set folder = env_var('RETAIL_LAKE_RUN', '') -%}
    {%- if execute and folder and flags.WHICH in ['build', 'run', 'test', 'seed'] -%}
        {%- do run_query('create schema if not exists raw') -%}
        {%- for table in [
            'order_lines', 'files', 'shop', 'countries', 'holidays', 'dimensions', 'contracts',
        ] -%}
            {%- do run_query('drop table if exists raw.' ~ table) -%}
            {%- do run_query(
                'create table raw.' ~ table ~ ' using parquet location '
                ~ sql_text(folder ~ '/raw/' ~ table)
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
