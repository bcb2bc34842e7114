{#
    Periods in which a segment table does not add up to a KPI, whole or by country, or to a measure
    that no KPI has, and those that only the segment table has. Counts are spread as fractions over
    the whole period: they may differ by rounding, and are not compared by country, for a customer
    of two countries counts in both.
#}
{% macro segments_against_kpis(kpi_relation, segment_relation, grain) %}
{%- set measures = kpi_measures(grain) -%}
{%- set sums = measures | selectattr('agg', 'equalto', 'sum') | map(attribute='column') | list -%}
{%- set nothing = 'cast(null as double)' -%}
{%- set used = [] -%}
{%- set compared = [] -%}
{%- for kpi in kpi_definitions() -%}
    {%- set parts = [measure_column(kpi.numerator), measure_column(kpi.denominator)] -%}
    {%- set known = sums if kpi.segment_by else measures | map(attribute='column') | list -%}
    {%- do used.extend(parts) -%}
    {%- do compared.append({
        'kpi': kpi.kpi,
        'is_whole': not kpi.segment_by,
        'numerator': parts[0] if parts[0] in known else nothing,
        'denominator': parts[1] if parts[1] in known else nothing,
    }) -%}
{%- endfor -%}
{%- set others = measures | map(attribute='column') | reject('in', used) | list -%}
{%- for name in others -%}
    {%- do compared.append(
        {'kpi': 'measure ' ~ name, 'is_whole': true, 'numerator': name, 'denominator': nothing}
    ) -%}
{%- endfor -%}
with

counted_lines as (

    select * from {{ ref('fct_measures_daily') }}

),

{{ measured_periods(grain) }},

kpis as (

    select
        kpi,
        segment,
        period_start,
        numerator,
        denominator
    from {{ kpi_relation }}
    {%- for name in others %}
    union all
    select
        'measure {{ name }}' as kpi,
        'all' as segment,
        period_start,
        {{ name }} as numerator,
        {{ nothing }} as denominator
    from measured
    {%- endfor %}

),

segments as (
    {% for segment, keys in [("'all'", 'period_start'), ('country', 'period_start, country')] %}
    select
        period_start,
        {{ segment }} as segment
        {%- for measure in measures %},
        cast(sum({{ measure.column }}) as double) as {{ measure.column }}
        {%- endfor %}
    from {{ segment_relation }}
    group by {{ keys }}
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

added as (
    {% for one in compared %}
    select
        '{{ one.kpi }}' as kpi,
        segment,
        period_start,
        {{ one.numerator }} as numerator,
        {{ one.denominator }} as denominator
    from segments
    where segment {{ '=' if one.is_whole else '!=' }} 'all'
    {{ 'union all' if not loop.last }}
    {%- endfor %}

),

compared as (

    select
        coalesce(kpis.kpi, added.kpi) as kpi,
        coalesce(kpis.segment, added.segment) as segment,
        coalesce(kpis.period_start, added.period_start) as period_start,
        kpis.kpi is null as is_only_in_segments,
        cast(kpis.numerator as double) as numerator,
        cast(kpis.denominator as double) as denominator,
        case when added.kpi is null then 0 else added.numerator end as numerator_of_segments,
        case when added.kpi is null then 0 else added.denominator end as denominator_of_segments
    from kpis
    full join added
        on
            kpis.kpi = added.kpi
            and kpis.segment = added.segment
            and kpis.period_start = added.period_start

),

final as (

    select * from compared
    where
        is_only_in_segments
        or abs(numerator - numerator_of_segments) > 0.00005
        or abs(denominator - denominator_of_segments) > 0.00005

)

select * from final
{% endmacro %}
