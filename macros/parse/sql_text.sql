{# A value out of YAML as a SQL text that it can't end; NULL for none. #}
{% macro sql_text(value) -%}
    {{ return(adapter.dispatch('sql_text')(value)) }}
{%- endmacro %}

{% macro default__sql_text(value) -%}
    {%- if value is none -%}
        cast(null as {{ dbt.type_string() }})
    {%- else -%}
        '{{ value | string | trim | replace("'", "''") }}'
    {%- endif -%}
{%- endmacro %}

{# Doubled quotes are two texts in a row to older Sparks, and a backslash escapes. #}
{% macro spark__sql_text(value) -%}
    {%- if value is none -%}
        cast(null as {{ dbt.type_string() }})
    {%- else -%}
        '{{ value | string | trim | replace("\\", "\\\\") | replace("'", "\\'") }}'
    {%- endif -%}
{%- endmacro %}
