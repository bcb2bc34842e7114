{#
    Comments for columns that no YAML lists, because they follow from the semantic model, the KPIs
    or fct_order_lines: each has the description that is written there. Run at the end of every
    build; only DuckDB keeps comments of columns of views.
#}
{% macro comment_derived_columns() %}
    {%- if execute and target.type == 'duckdb' -%}
        {%- set known = {} -%}
        {%- for name, column in measured_columns().items() -%}
            {%- do known.update({name: column.description}) -%}
        {%- endfor -%}
        {%- for kpi in kpi_definitions() -%}
            {%- do known.update({kpi.kpi: kpi.label ~ ': ' ~ kpi.description}) -%}
        {%- endfor -%}
        {%- for dimension in kpi_dimensions() -%}
            {%- do known.update({dimension.dimension: dimension.description}) -%}
        {%- endfor -%}
        {%- for measure in kpi_measures() -%}
            {%- do known.update({measure.measure: measure.description}) -%}
            {%- do known.update({measure.column: measure.description}) -%}
        {%- endfor -%}
        {%- set bare -%}
            select schema_name, table_name, column_name from duckdb_columns()
            where schema_name = 'marts' and comment is null and database_name = current_database()
        {%- endset -%}
        {%- for schema, table, column in run_query(bare).rows if known.get(column) %}
            comment on column {{ schema }}.{{ table }}.{{ adapter.quote(column) }}
                is {{ sql_text(known[column]) }};
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
