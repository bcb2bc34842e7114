{# A value out of YAML as a SQL string literal, quotes doubled; NULL for none. #}
{% macro sql_text(value) -%}
    {%- if value is none or value == '' -%}
        cast(null as {{ dbt.type_string() }})
    {%- else -%}
        cast('{{ value | string | trim | replace("'", "''") }}' as {{ dbt.type_string() }})
    {%- endif -%}
{%- endmacro %}
