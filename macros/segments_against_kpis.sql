{#
    Periods and measures in which a segment table does not add up to the KPI that reads the measure.
    Counts are spread as fractions, so they may differ by rounding.
#}
{% macro segments_against_kpis(kpi_relation, segment_relation) %}
with

kpis as (

    select * from {{ kpi_relation }}
    where segment = 'all'

),

segments as (

    select
        period_start,
        sum(net_revenue) as total_revenue,
        sum(international_revenue) as international_revenue,
        sum(identified_revenue) as revenue_per_customer,
        sum(top_product_revenue) as product_concentration,
        sum(gross_revenue) as average_price,
        sum(returned_revenue) as return_rate,
        sum(units) as units_sold,
        sum(orders) as order_count,
        sum(active_customers) as active_customers,
        sum(repeat_customers) as repeat_rate,
        sum(new_customers) as new_customers
    from {{ segment_relation }}
    group by period_start

),

final as (
    {% for kpi in [
        'total_revenue', 'international_revenue', 'revenue_per_customer', 'product_concentration',
        'average_price', 'return_rate', 'units_sold', 'order_count', 'active_customers',
        'repeat_rate', 'new_customers',
    ] %}
    select
        kpis.kpi,
        kpis.period_start,
        kpis.numerator,
        coalesce(cast(segments.{{ kpi }} as double), 0) as segment_sum
    from kpis
    left join segments on kpis.period_start = segments.period_start
    where
        kpis.kpi = '{{ kpi }}'
        and abs(
            cast(kpis.numerator as double) - coalesce(cast(segments.{{ kpi }} as double), 0)
        ) > 0.00005
    {{ 'union all' if not loop.last }}
    {%- endfor %}

)

select * from final
{% endmacro %}
