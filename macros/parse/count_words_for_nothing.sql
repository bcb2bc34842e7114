{#
    A query of the columns of a relation that have words for nothing in them: in how many rows, and
    one of the words, as a sentence.
#}
{% macro count_words_for_nothing(relation, columns) -%}
    {% for column in columns %}
    select
        cast(count(*) as {{ dbt.type_string() }}) || ' rows have ' || min({{ column }})
        || ' for {{ column }}, which is read as nothing' as sentence
    from {{ relation }}
    {%- set known = null_if_guest if column == 'customer_id' else null_if_nothing %}
    where {{ column }} != '' and ({{ known(column) }}) is null
    having count(*) > 0
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
