{#
    What share of the rows, or of a column's absolute sum, fulfils a condition: parts per million, as
    the one number that `warn_if` and `error_if` compare (`error_if: ">50000"` stops the build above
    5 %). The row it stores says the same in words.
#}
{% test share_at_most(model, condition, where_rows='true', of=none) %}
{{ config(fail_calc='coalesce(max(per_million), 0)') }}
{%- set size = 'abs(cast(' ~ of ~ ' as decimal(38, 8)))' if of else '1' %}

with

counted as (

    select
        sum({{ size }}) as all_of_it,
        sum(case when {{ condition }} then {{ size }} else 0 end) as matching
    from {{ model }}
    where {{ where_rows }}

)

select
    matching,
    all_of_it,
    cast(ceil(1000000.0 * matching / all_of_it) as integer) as per_million
from counted
where matching > 0

{% endtest %}
