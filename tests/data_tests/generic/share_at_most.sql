{#
    How many rows per thousand fulfil a condition, as the one number that `warn_if` and `error_if`
    compare: `error_if: ">50"` stops the build above 5 %. The row it stores says the same in words.
#}
{% test share_at_most(model, condition, where_rows='true') %}
{{ config(fail_calc='coalesce(max(per_thousand), 0)') }}

with

counted as (

    select
        count(*) as all_rows,
        sum(case when {{ condition }} then 1 else 0 end) as matching_rows
    from {{ model }}
    where {{ where_rows }}

)

select
    matching_rows,
    all_rows,
    cast(ceil(1000.0 * matching_rows / all_rows) as integer) as per_thousand
from counted
where matching_rows > 0

{% endtest %}
