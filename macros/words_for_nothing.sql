{#
    A query of the columns of a relation that have words for nothing in them: in how many rows, and
    one of the words.
#}
{% macro words_for_nothing(relation, columns) -%}
    with counted as (
        select
            {%- for column in columns %}
            {%- set is_word = column ~ " != '' and (" ~ known_text(column) ~ ') is null' %}
            sum(case when {{ is_word }} then 1 else 0 end) as {{ column }}_rows,
            min(case when {{ is_word }} then {{ column }} end) as {{ column }}_word
            {{- ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}
    )
    {% for column in columns %}
    select
        '{{ column }}' as column_name,
        {{ column }}_rows as raw_rows,
        {{ column }}_word as for_example
    from counted
    where {{ column }}_rows > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
