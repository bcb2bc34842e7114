{# Whole minutes from one timestamp to a later one, as BIGINT. #}
{% macro minutes_between(earlier, later) -%}
    {{ return(adapter.dispatch('minutes_between')(earlier, later)) }}
{%- endmacro %}

{% macro default__minutes_between(earlier, later) -%}
    date_sub('minute', {{ earlier }}, {{ later }})
{%- endmacro %}

{% macro spark__minutes_between(earlier, later) -%}
    cast(floor((unix_timestamp({{ later }}) - unix_timestamp({{ earlier }})) / 60) as bigint)
{%- endmacro %}
