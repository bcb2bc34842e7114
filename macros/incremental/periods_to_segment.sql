{# A query of the periods whose order lines changed since a segment table was built. #}
{% macro periods_to_segment(grain) -%}
    {{ changed_periods(
        segment_checksums(grain),
        'select distinct period_start as period, source_checksum as checksum from ' ~ this
    ) }}
{%- endmacro %}
