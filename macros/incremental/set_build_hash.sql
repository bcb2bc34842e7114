{#
    Write the description of an incremental model into the comment on its table, and below it the
    hash of the code that built it.
#}
{% macro set_build_hash() -%}
    {%- set code = current_build_hash() if target.type == 'duckdb' -%}
    {%- if code -%}
        comment on table {{ this }} is
            {{ sql_text(model.get('description', '') | trim ~ '\n\n' ~ code) }}
    {%- endif -%}
{%- endmacro %}
