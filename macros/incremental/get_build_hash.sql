{# The hash of the code that last built an incremental model; none where it is unknown. #}
{% macro get_build_hash(relation) -%}
    {%- set query -%}
        select comment from duckdb_tables()
        where
            database_name = current_database()
            and schema_name = {{ sql_text(relation.schema) }}
            and table_name = {{ sql_text(relation.identifier) }}
    {%- endset -%}
    {%- set found = run_query(query).columns[0].values() -%}
    {{ return(found[0] if found else none) }}
{%- endmacro %}
