{#
    The insights tables of the given names, as the last run of detection left them: name → relation.
    None where any of them has not been written yet, or lacks a column that is named for it, as one
    of an earlier version does.
#}
{% macro insights_tables(columns) %}
    {%- set found = {} -%}
    {%- for name, needed in columns.items() if execute -%}
        {%- set relation = adapter.get_relation(target.database, 'insights', name) -%}
        {%- if relation is not none -%}
            {%- set present = adapter.get_columns_in_relation(relation) | map(attribute='name') -%}
            {%- if needed | reject('in', present | list) | list | length == 0 -%}
                {%- do found.update({name: relation.include(database=false)}) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found if found | length == columns | length else none) }}
{% endmacro %}
