{# Whether a row of `rows` is, unchanged, in the other table as well, called `held` in `also`. #}
{% macro raw_row_in(rows, table, also=none) -%}
    exists (
        select 1 from {{ table }} as held
        where
            held.source_file = {{ rows }}.source_file
            and held.source_row = {{ rows }}.source_row
            and held.row_hash = {{ rows }}.row_hash
            {%- if also %}
            and {{ also }}
            {%- endif %}
    )
{%- endmacro %}
