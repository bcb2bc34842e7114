{# The words that SQL takes for something else than a column. #}
{% macro reserved_words() -%}
    {{ return(adapter.dispatch('reserved_words')()) }}
{%- endmacro %}

{# Spark has none, unless in ANSI mode. #}
{% macro default__reserved_words() -%}
    {{ return([]) }}
{%- endmacro %}

{% macro duckdb__reserved_words() -%}
    {%- set query -%}
        select keyword_name from duckdb_keywords()
        where keyword_category in ('reserved', 'type_function')
    {%- endset -%}
    {{ return(run_query(query).columns[0].values() | list) }}
{%- endmacro %}
