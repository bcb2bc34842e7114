{#
    A query with the checksum of the rows of each period, whatever their order: two tables with the
    same checksum of a period hold the same rows of it.
#}
{% macro period_checksums(relation, period, hash_column) -%}
    select
        {{ period }} as period,
        count(*) || ':' || bit_xor({{ hash_column }}) as checksum
    from {{ relation }}
    group by 1
{%- endmacro %}
