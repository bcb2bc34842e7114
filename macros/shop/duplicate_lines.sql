{#
    A query of the rows that have copies, each with its number among them: above 1 it is a
    duplicate. By the rule `drop` the first of identical rows is kept; by `across_files` copies
    within a file are sales, and the first file that has so many is kept; by `keep` all are.
#}
{% macro duplicate_lines(order_lines, rule) -%}
    {%- set compared = compared_values() | join(', ') -%}
    {%- set number -%}
        row_number() over (partition by {{ compared }} order by source_file, source_row)
    {%- endset -%}
    {%- set number_in_file -%}
        row_number() over (partition by {{ compared }}, source_file order by source_row)
    {%- endset -%}
    select
        source_file,
        source_row,
        {% if rule == 'drop' -%}
        {{ number }} as copy_number
        {%- elif rule == 'across_files' -%}
        row_number() over (
            partition by values_hash, {{ compared }}, number_in_file
            order by source_file, source_row
        ) as copy_number
        {%- else -%}
        1 as copy_number
        {%- endif %}
    from (
        select
            *,
            {{ values_hash(compared_values()) }} as values_hash,
            {{ number_in_file }} as number_in_file
        from {{ order_lines }}
        where
            {{ 'false and ' if rule == 'keep' }}
            {# Hardly any row shares its hash with another: only those are compared in full. #}
            {{ values_hash(compared_values()) }} in (
                select {{ values_hash(compared_values()) }}
                from {{ order_lines }}
                group by 1
                having count(*) > 1
            )
    ) as alike
{%- endmacro %}
