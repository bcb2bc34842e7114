{# Deletes from an incremental model the periods that a query of dates gives. #}
{% macro forget_periods(period, query) -%}
    {%- if is_incremental() -%}
        delete from {{ this }} where {{ in_periods(period, periods_of(query)) }}
    {%- endif -%}
{%- endmacro %}
