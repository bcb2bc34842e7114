{# The periods whose signatures are not the same in two queries, or are in one of them only. #}
{% macro differing_periods(now, built) -%}
    select coalesce(now.period, built.period) as period
    from ({{ now }}) as now
    full join ({{ built }}) as built on now.period is not distinct from built.period
    where now.signature is distinct from built.signature
{%- endmacro %}
