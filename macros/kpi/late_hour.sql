{#
    A query of the hour by which three fifths of the orders of the first 28 days had come; it stays.
    Reads the CTEs `orders` and `days`.
#}
{% macro late_hour() -%}
select min(hour) + 1 as hour
    from (
        select
            hour,
            sum(orders) over (order by hour rows between unbounded preceding and current row)
                as orders_so_far,
            sum(orders) over () as all_orders
        from (
            select
                orders.hour,
                count(*) as orders
            from orders
            inner join days on orders.period_start = days.period_start
            where days.nth_day <= 28
            group by 1
        ) as first_hours
    ) as passed
    where orders_so_far >= 0.6 * all_orders
{%- endmacro %}
