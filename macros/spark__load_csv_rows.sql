{#
    The rows of a seed, written out: dbt-spark hands them to a session without minding the apostrophe
    in `New Year's Day`.
#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {%- set types = model.config.get('column_types', {}) -%}
    {%- set statements = [] -%}
    {%- for chunk in agate_table.rows | batch(get_batch_size()) -%}
        {%- set statement -%}
            insert into {{ this }}
            {%- for row in chunk %}
            select
                {%- for name in agate_table.column_names %}
                cast(
                    {{ sql_text(row[name]) }}
                    as {{ types.get(name, adapter.convert_type(agate_table, loop.index0)) }}
                ) as {{ name }}{{ ',' if not loop.last }}
                {%- endfor %}
            {{ 'union all' if not loop.last }}
            {%- endfor %}
        {%- endset -%}
        {%- do adapter.add_query(statement, abridge_sql_log=True) -%}
        {%- do statements.append(statement) -%}
    {%- endfor -%}
    {{ return(statements | first) }}
{% endmacro %}
