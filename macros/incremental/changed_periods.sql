{# A query of the periods whose checksums differ between two queries, or that only one has. #}
{% macro changed_periods(now, built) -%}
    select coalesce(now.period, built.period) as period
    from ({{ now }}) as now
    full join ({{ built }}) as built on now.period is not distinct from built.period
    where now.checksum is distinct from built.checksum
{%- endmacro %}
