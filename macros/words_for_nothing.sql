{#
    A query of the columns of a relation that have words for nothing in them: in how many rows, and
    one of the words.
#}
{% macro words_for_nothing(relation, columns) -%}
    {% for column in columns %}
    select
        '{{ column }}' as column_name,
        count(*) as raw_rows,
        min({{ column }}) as for_example
    from {{ relation }}
    where {{ column }} != '' and ({{ known_text(column) }}) is null
    having count(*) > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
