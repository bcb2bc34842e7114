{# Delete rejected order lines that are no longer rejected, or for another reason. #}
{% macro delete_reclassified_rows() -%}
    {%- set classified = ref('int_order_lines__classified') -%}
    {%- if is_incremental() -%}
        delete from {{ this }} as built
        where not {{ raw_row_in('built', classified, also='held.reject_reason = built.reason') }}
    {%- endif -%}
{%- endmacro %}
