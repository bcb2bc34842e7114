{#
    The rows of a seed, written out: dbt-spark hands them to a session without minding the
    apostrophe in `New Year's Day`.
#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set types = model.config.get('column_types', {}) -%}
    {%- set statements = [] -%}
    {%- for chunk in agate_table.rows | batch(get_batch_size()) -%}
        {%- set rows = [] -%}
        {%- for row in chunk -%}
            {%- set cells = [] -%}
            {%- for name in agate_table.column_names -%}
                {%- set type = types.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
                {%- do cells.append('cast(' ~ sql_text(row[name]) ~ ' as ' ~ type ~ ')') -%}
            {%- endfor -%}
            {%- do rows.append('(' ~ cells | join(', ') ~ ')') -%}
        {%- endfor -%}
        {%- do statements.append('insert into ' ~ this ~ ' values ' ~ rows | join(', ')) -%}
        {%- do adapter.add_query(statements | last, abridge_sql_log=True) -%}
    {%- endfor -%}
    {{ return(statements | first) }}
{% endmacro %}
