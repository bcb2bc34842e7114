{#
    What makes an order number an order's own: its day, where numbers begin anew each day; else
    nothing.
#}
{% macro day_of_number(numbers_by_day) -%}
    {%- if numbers_by_day -%}
        ' ' || cast(cast(ordered_at as date) as {{ dbt.type_string() }})
    {%- else -%}
        ''
    {%- endif -%}
{%- endmacro %}
