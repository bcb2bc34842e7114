{#
    Comment every table, view and column of the file that has no comment yet with its description.
    Columns that no YAML lists follow from the semantic model, the KPIs or the dimensions, and have
    the description that is written there. Run once at the end of every build, in one statement:
    dbt's `persist_docs` takes four for each table. Only DuckDB keeps comments of columns of views.
#}
{% macro write_comments() %}
    {%- if execute and target.type == 'duckdb' -%}
        {%- set known = derived_descriptions() -%}
        {%- set nodes = {} -%}
        {%- for node in graph.nodes.values() if node.resource_type in ['model', 'seed'] -%}
            {%- do nodes.update({node.schema ~ '.' ~ node.alias: node}) -%}
        {%- endfor -%}
        {%- set bare -%}
            select 'table' as kind, schema_name, table_name, null as column_name
            from duckdb_tables()
            where comment is null and database_name = current_database()
            union all
            select 'view', schema_name, view_name, null
            from duckdb_views()
            where comment is null and not internal and database_name = current_database()
            union all
            select 'column', schema_name, table_name, column_name
            from duckdb_columns()
            where comment is null and not internal and database_name = current_database()
        {%- endset -%}
        {%- for kind, schema, table, column in run_query(bare).rows -%}
            {%- set node = nodes.get(schema ~ '.' ~ table) -%}
            {%- if node and column is none and node.description %}
                comment on {{ kind }} {{ schema }}.{{ table }} is {{ sql_text(node.description) }};
            {%- elif node and column is not none -%}
                {%- set own = node.columns.get(column, {}).get('description') -%}
                {%- set text = own or (known.get(column) if schema == 'marts') -%}
                {%- if text %}
                    comment on column {{ schema }}.{{ table }}.{{ adapter.quote(column) }}
                        is {{ sql_text(text) }};
                {%- endif -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
