{#
    The hash of the code that last built an incremental model, the last line of its table's comment;
    none where it is unknown.
#}
{% macro get_build_hash(relation) -%}
    {%- set query -%}
        select comment from duckdb_tables()
        where
            database_name = current_database()
            and schema_name = {{ sql_text(relation.schema) }}
            and table_name = {{ sql_text(relation.identifier) }}
    {%- endset -%}
    {%- set found = run_query(query).columns[0].values() -%}
    {{ return(found[0].splitlines()[-1] if found and found[0] else none) }}
{%- endmacro %}
