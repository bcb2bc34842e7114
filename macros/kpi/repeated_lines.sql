{#
    A query of the share of each day's sale lines whose customer, product, quantity and price come
    again that day: of customers with an id, where they have 20 lines. A half of a line on either
    side keeps the odds of none and of all finite. Reads the CTE `sale_lines`.
#}
{% macro repeated_lines() -%}
select
        period_start,
        case
            when sum(known_lines) >= 20
                then (cast(sum(known_repeats) as double) + 0.5) / (sum(known_lines) + 1)
            else (cast(sum(repeats) as double) + 0.5) / (sum(lines) + 1)
        end as repeated_share
    from (
        select
            order_date as period_start,
            count(*) as lines,
            count(customer_id) as known_lines,
            case when count(*) > 1 then count(*) else 0 end as repeats,
            case when count(*) > 1 then count(customer_id) else 0 end as known_repeats
        from sale_lines
        group by order_date, customer_id, product, quantity, unit_price
    ) as counted
    group by 1
{%- endmacro %}
