{# The periods that a segment table holds as worked out from other lines, as a query. #}
{% macro periods_to_segment(grain) -%}
    {{ differing_periods(
        segment_signatures(grain),
        'select distinct period_start as period, built_from as signature from ' ~ this
    ) }}
{%- endmacro %}
