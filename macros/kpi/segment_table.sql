{#
    The measures by period and every dimension at once. Distinct things are spread over the lines
    that share them (a customer with four lines is a quarter in each), so they add up whatever the
    grouping. Shares are whole numbers of 1e-15 until they are summed: a sum of DOUBLEs would depend
    in its last digit on the order that the rows happen to come in.
#}
{% macro segment_table(grain) %}
{%- set stale_periods = periods_to_segment(grain) -%}
{%- set dimensions = kpi_dimensions() -%}
{%- set measures = kpi_measures(grain) -%}
{%- set counts = measures | selectattr('agg', 'equalto', 'count_distinct') | list -%}
{%- set period = period_start('order_date', grain) -%}
with

kpi_lines as (

    select * from {{ ref('fct_kpi_lines') }}
    {%- if is_incremental() %}
    where {{ date_in_list(period, date_literals(stale_periods)) }}
    {%- endif %}

),

counted_lines as (

    select * from {{ ref('fct_measures_daily') }}

),

checksums as (

    {{ segment_checksums(grain) }}

),

measured_lines as (

    select
        {{ period }} as period_start
        {%- for dimension in dimensions %},
        {{ dimension.expr }} as {{ dimension.dimension }}
        {%- endfor %}
        {%- for measure in measures %},
        {{ measure.expr }} as {{ measure.column }}
        {%- endfor %}
    from kpi_lines

),

{{ weighted_lines(dimensions, measures, grain) }},

summed as (

    select
        period_start
        {%- for dimension in dimensions %},
        {{ dimension.dimension }}
        {%- endfor %}
        {%- for measure in measures %},
        {% if measure in counts -%}
        cast(coalesce(sum({{ measure.column }}), 0) as double) / {{ share_unit() }}
            as {{ measure.column }}
        {%- else -%}
        cast(coalesce(sum({{ measure.column }}), 0) as {{ measure.data_type }})
            as {{ measure.column }}
        {%- endif %}
        {%- endfor %}
    from weighted
    group by
        period_start
        {%- for dimension in dimensions %},
        {{ dimension.dimension }}
        {%- endfor %}

),

final as (

    select
        summed.*,
        checksums.checksum as source_checksum
    from summed
    inner join checksums on summed.period_start = checksums.period

)

select * from final
{% endmacro %}
