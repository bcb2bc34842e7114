{# Deletes from an incremental model of raw rows what the raw files no longer say. #}
{% macro forget_changed_rows() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} as built
        where
            source_file in ({{ changed_files(this) }})
            and not {{ raw_row_in('built', source('online_retail', 'order_lines')) }}
    {%- endif -%}
{%- endmacro %}
