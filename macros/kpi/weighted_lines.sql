{#
    CTEs between `measured_lines` with `counted_lines` and the sums by segment: each line's sums as
    they are, and its share in every distinct thing that it counts for, of the period.
#}
{% macro weighted_lines(dimensions, measures, grain) -%}
{%- set counts = measures | selectattr('agg', 'equalto', 'count_distinct') | list -%}
{%- for measure in counts -%}
shares_of_{{ measure.column }} as (

    select
        {{ period_start('order_date', grain) }} as period_start,
        {{ measure.measure }} as {{ measure.column }},
        cast(
            floor({{ share_unit() }} / cast(sum(lines) as bigint) + 0.5e0) as decimal(18, 0)
        ) as line_share
    from counted_lines
    where {{ measure.measure }} is not null
    group by 1, 2

),

{% endfor -%}
weighted as (

    select
        measured_lines.period_start
        {%- for dimension in dimensions %},
        measured_lines.{{ dimension.dimension }}
        {%- endfor %}
        {%- for measure in measures %},
        {% if measure in counts -%}
        shares_of_{{ measure.column }}.line_share as {{ measure.column }}
        {%- else -%}
        measured_lines.{{ measure.column }}
        {%- endif %}
        {%- endfor %}
    from measured_lines
    {%- for measure in counts %}
    left join shares_of_{{ measure.column }}
        on
            measured_lines.period_start = shares_of_{{ measure.column }}.period_start
            and measured_lines.{{ measure.column }}
            = shares_of_{{ measure.column }}.{{ measure.column }}
    {%- endfor %}

)
{%- endmacro %}
