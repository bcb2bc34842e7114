{#
    A query of what the products of each day cost in percent of their own price on the 28 days
    before on which they were sold: a matched-model price index (ILO, Consumer Price Index Manual,
    2020, chapter 8), whose mix of products does not matter. Guests may pay other prices, and are
    matched with guests. What differs by more than 0.3 on the log scale counts as that much. Reads
    the CTE `sale_lines`.
#}
{% macro like_for_like_prices() -%}
select
        period_start,
        case
            when sum(lines) >= 10
                then round(
                    100 * exp(
                        cast(sum(cast(lines * change as decimal(18, 8))) as double) / sum(lines)
                    ),
                    6
                )
        end as price_index
    from (
        select
            period_start,
            lines,
            sum(lines) over past as past_lines,
            greatest(
                least(
                    cast(log_prices as double) / lines
                    - cast(sum(log_prices) over past as double) / sum(lines) over past,
                    cast(0.3 as double)
                ),
                cast(-0.3 as double)
            ) as change
        from (
            select
                order_date as period_start,
                product,
                customer_id is null as is_guest,
                sum(cast(ln(unit_price) as decimal(18, 8))) as log_prices,
                count(*) as lines
            from sale_lines
            where unit_price > 0
            group by 1, 2, 3
        ) as priced
        window past as (
            partition by product, is_guest order by period_start
            rows between 28 preceding and 1 preceding
        )
    ) as matched
    where past_lines >= 3
    group by 1
{%- endmacro %}
