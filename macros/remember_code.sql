{# Notes on an incremental model's table what it was built with. #}
{% macro remember_code() -%}
    {%- set code = code_in_use() if target.type == 'duckdb' -%}
    {%- if code -%}
        comment on table {{ this }} is '{{ code }}'
    {%- endif -%}
{%- endmacro %}
