{# The days whose raw rows are not those of int_order_lines__classified, as a query. #}
{% macro days_to_classify() -%}
    {%- set day = 'cast(ordered_at as date)' -%}
    {{ differing_periods(
        period_signatures(ref('stg_online_retail__order_lines'), day, 'row_hash'),
        period_signatures(this, day, 'row_hash')
    ) }}
{%- endmacro %}
