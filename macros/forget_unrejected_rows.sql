{# Deletes from the rejected order lines what is not rejected any more, or for another reason. #}
{% macro forget_unrejected_rows() -%}
    {%- set classified = ref('int_order_lines__classified') -%}
    {%- if is_incremental() -%}
        delete from {{ this }} as built
        where not {{ raw_row_in('built', classified, also='held.reject_reason = built.reason') }}
    {%- endif -%}
{%- endmacro %}
