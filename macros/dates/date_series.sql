{#
    A query with one row per day (`date_day`) from the first to the last date that a query gives
    (`first_day`, `last_day`).
#}
{% macro date_series(bounds) -%}
    {{ return(adapter.dispatch('date_series')(bounds)) }}
{%- endmacro %}

{% macro default__date_series(bounds) -%}
    select cast(unnest(generate_series(first_day, last_day, interval 1 day)) as date) as date_day
    from {{ bounds }}
{%- endmacro %}

{% macro spark__date_series(bounds) -%}
    select explode(sequence(first_day, last_day, interval 1 day)) as date_day
    from {{ bounds }}
{%- endmacro %}
