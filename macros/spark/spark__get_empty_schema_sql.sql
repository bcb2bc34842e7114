{# The columns of a contract as an empty query; what is `varchar` there is Spark's `string`. #}
{% macro spark__get_empty_schema_sql(columns) -%}
    {%- set typed = {} -%}
    {%- for name, column in columns.items() -%}
        {%- set is_text = (column.data_type or '') | lower == 'varchar' -%}
        {%- do typed.update(
            {name: dict(column, data_type='string') if is_text else column}
        ) -%}
    {%- endfor -%}
    {{ return(dbt.default__get_empty_schema_sql(typed)) }}
{%- endmacro %}
