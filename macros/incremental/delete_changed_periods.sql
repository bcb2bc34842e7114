{# Delete from an incremental model the periods that a query of dates gives. #}
{% macro delete_changed_periods(period, query) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ date_in_list(period, date_literals(query)) }}
    {%- endif -%}
{%- endmacro %}
