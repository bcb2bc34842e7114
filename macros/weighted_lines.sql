{#
    CTEs between `measured_lines` and the sums by segment: each line's sums as they are, and its
    share in every distinct thing that it counts for, of the period.
#}
{% macro weighted_lines(dimensions, measures) -%}
{%- set counts = measures | selectattr('agg', 'equalto', 'count_distinct') | list -%}
{%- for measure in counts -%}
lines_per_{{ measure.column }} as (

    select
        period_start,
        {{ measure.column }},
        count(*) as lines
    from measured_lines
    where {{ measure.column }} is not null
    group by period_start, {{ measure.column }}

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
        cast(
            floor({{ share_unit() }} / lines_per_{{ measure.column }}.lines + 0.5e0)
            as decimal(18, 0)
        ) as {{ measure.column }}
        {%- else -%}
        measured_lines.{{ measure.column }}
        {%- endif %}
        {%- endfor %}
    from measured_lines
    {%- for measure in counts %}
    left join lines_per_{{ measure.column }}
        on
            measured_lines.period_start = lines_per_{{ measure.column }}.period_start
            and measured_lines.{{ measure.column }}
            = lines_per_{{ measure.column }}.{{ measure.column }}
    {%- endfor %}

)
{%- endmacro %}
