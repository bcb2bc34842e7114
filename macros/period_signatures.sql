{#
    What the rows of each period come to, whatever their order: two tables with the same signatures
    of a period hold the same rows of it.
#}
{% macro period_signatures(relation, period, hash_column) -%}
    select
        {{ period }} as period,
        count(*) || ':' || bit_xor({{ hash_column }}) as signature
    from {{ relation }}
    group by 1
{%- endmacro %}
