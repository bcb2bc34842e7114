{# A query of the days whose raw rows differ from those in int_order_lines__classified. #}
{% macro days_to_classify() -%}
    {%- set day = 'cast(ordered_at as date)' -%}
    {{ changed_periods(
        period_checksums(ref('stg_online_retail__order_lines'), day, 'row_hash'),
        period_checksums(this, day, 'row_hash')
    ) }}
{%- endmacro %}
