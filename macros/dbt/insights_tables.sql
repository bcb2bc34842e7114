{#
    The insights tables of the given names, as the last run of detection left them: name → relation.
    None where any of them has not been written yet.
#}
{% macro insights_tables(names) %}
    {%- set found = {} -%}
    {%- for name in names if execute -%}
        {%- set relation = adapter.get_relation(target.database, 'insights', name) -%}
        {%- if relation is not none -%}
            {%- do found.update({name: relation.include(database=false)}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found if found | length == names | length else none) }}
{% endmacro %}
