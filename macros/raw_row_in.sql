{# Whether a row of `rows` is, unchanged, in the other table as well. #}
{% macro raw_row_in(rows, table) -%}
    exists (
        select 1 from {{ table }} as held
        where
            held.source_file = {{ rows }}.source_file
            and held.source_row = {{ rows }}.source_row
            and held.row_hash = {{ rows }}.row_hash
    )
{%- endmacro %}
