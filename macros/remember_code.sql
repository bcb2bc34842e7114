{# Notes on an incremental model's table what it was built with. #}
{% macro remember_code() -%}
    {%- if execute and target.type == 'duckdb' -%}
        comment on table {{ this }} is '{{ code_in_use() }}'
    {%- endif -%}
{%- endmacro %}
