-- One row per KPI: its definition, as written in the YAML beside this file; `place` there is its
-- place wherever KPIs are listed.
{%- set is_uci = shop().is_uci %}
with

needs as (

    select * from {{ ref('int_kpi_needs__dated') }}

),

defined as (
    {% for kpi in kpi_definitions() %}
    select
        {{ sql_text(kpi.kpi) }} as kpi,
        {{ sql_text(kpi.label) }} as label,
        {{ sql_text(kpi.description) }} as description,
        {{ sql_text(kpi.kpi_group) }} as kpi_group,
        cast({{ kpi.place }} as integer) as place,
        {{ sql_text(kpi.owner) }} as owner,
        {{ sql_text(kpi.cadence) }} as cadence,
        {{ sql_text(kpi_unit(kpi)) }} as unit,
        {{ sql_text(kpi.direction) }} as direction,
        {{ sql_text(kpi.scale) }} as scale,
        {{ sql_text(kpi.segment_by) }} as segment_by,
        {{ sql_text(measure_column(kpi.numerator)) }} as numerator_measure,
        {{ sql_text(measure_column(kpi.denominator)) }} as denominator_measure,
        cast({{ kpi.thresholds.z }} as double) as z_threshold,
        cast({{ kpi.thresholds.iqr }} as double) as iqr_threshold,
        cast({{ kpi.thresholds.level_shift }} as double) as level_shift_threshold,
        cast({{ kpi.thresholds.trend_alpha }} as double) as trend_alpha,
        cast({{ kpi.thresholds.confidence }} as double) as min_confidence,
        cast(
            {{ 0 if kpi.materiality.get('preset') and not is_uci else kpi.materiality.absolute }}
            as double
        ) as materiality_absolute,
        cast({{ kpi.materiality.relative }} as double) as materiality_relative,
        cast({{ kpi.warm_up_days }} as integer) as warm_up_days,
        {{ sql_text(kpi.needs) }} as need
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

final as (

    select
        defined.*,
        needs.available_since,
        needs.off_reason
    from defined
    left join needs on defined.need = needs.need

)

select * from final
