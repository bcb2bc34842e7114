{# Fails where a table is empty: nothing downstream would notice. #}
{% test at_least_one_row(model) %}

with

counted as (

    select count(*) as row_count from {{ model }}

)

select * from counted
where row_count = 0

{% endtest %}
