{# Write the hash of the code that built an incremental model into the comment on its table. #}
{% macro set_build_hash() -%}
    {%- set code = current_build_hash() if target.type == 'duckdb' -%}
    {%- if code -%}
        comment on table {{ this }} is '{{ code }}'
    {%- endif -%}
{%- endmacro %}
