{# Deletes from the rejected order lines what is not rejected any more, or for another reason. #}
{% macro forget_unrejected_rows() -%}
    {%- set classified = ref('int_order_lines__classified') -%}
    {%- if is_incremental() -%}
        delete from {{ this }} as built
        where not exists (
            select 1 from {{ classified }} as held
            where
                held.source_file = built.source_file
                and held.source_row = built.source_row
                and held.row_hash = built.row_hash
                and held.reject_reason = built.reason
        )
    {%- endif -%}
{%- endmacro %}
