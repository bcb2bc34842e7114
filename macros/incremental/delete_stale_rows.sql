{# Delete from an incremental model the raw rows that the raw files no longer hold. #}
{% macro delete_stale_rows() -%}
    {%- if is_incremental() -%}
        delete from {{ this }} as built
        where
            source_file in ({{ changed_files(this) }})
            and not {{ raw_row_in('built', source('online_retail', 'order_lines')) }}
    {%- endif -%}
{%- endmacro %}
