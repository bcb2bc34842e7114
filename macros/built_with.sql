{# What an incremental model was last built with; none where that is not known. #}
{% macro built_with(relation) -%}
    {%- set query -%}
        select comment from duckdb_tables()
        where schema_name = '{{ relation.schema }}' and table_name = '{{ relation.identifier }}'
    {%- endset -%}
    {%- set found = run_query(query).columns[0].values() -%}
    {{ return(found[0] if found else none) }}
{%- endmacro %}
