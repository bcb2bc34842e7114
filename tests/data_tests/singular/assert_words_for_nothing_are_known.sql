-- Words such as `NULL` or `N/A` in the raw files, by column: they are read as nothing.
{{ config(severity='warn') }}
{% set columns = ['customer_id', 'country', 'stock_code', 'invoice_no', 'description'] %}
with

order_lines as (

    select * from {{ source('online_retail', 'order_lines') }}

),

counted as (

    select
        {%- for column in columns %}
        {%- set is_word = column ~ ' is not null and ' ~ column ~ " != '' and (" ~ known_text(column)
            ~ ') is null' %}
        sum(case when {{ is_word }} then 1 else 0 end) as {{ column }}_rows,
        min(case when {{ is_word }} then {{ column }} end) as {{ column }}_word
        {{- ',' if not loop.last }}
        {%- endfor %}
    from order_lines

),

final as (
    {% for column in columns %}
    select
        '{{ column }}' as column_name,
        {{ column }}_rows as raw_rows,
        {{ column }}_word as for_example
    from counted
    where {{ column }}_rows > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
