{#
    One metric of `graph.metrics` as the dict that tables are generated from. `measure` is none
    where the type is not simple or ratio. A KPI that sets no limit of level shifts has 5; one
    without a place stands behind those that have one.
#}
{% macro kpi_definition(metric) %}
    {%- set meta = metric.config.meta -%}
    {%- set parts = metric.type_params -%}
    {%- set is_ratio = metric.type == 'ratio' -%}
    {%- set given = meta.get('thresholds', {}) -%}
    {%- set thresholds = {'level_shift': 5.0} -%}
    {%- if given is mapping -%}{%- do thresholds.update(given) -%}{%- endif -%}
    {{ return({
        'kpi': metric.name,
        'file': metric.original_file_path,
        'type': metric.type,
        'modifiers': kpi_modifiers(metric),
        'label': metric.label,
        'description': metric.description,
        'kpi_group': meta.get('group'),
        'place': meta.get('place', 100),
        'owner': meta.get('owner'),
        'cadence': meta.get('cadence'),
        'unit': meta.get('unit'),
        'direction': meta.get('direction'),
        'scale': meta.get('scale'),
        'segment_by': meta.get('segment_by'),
        'needs': meta.get('needs'),
        'warm_up_days': meta.get('warm_up_days', 0),
        'thresholds': thresholds if given is mapping else given,
        'materiality': meta.get('materiality', {}),
        'unknown_keys': meta.keys() | reject('in', kpi_allowed('keys')) | list,
        'numerator': metric_measure(parts.numerator.name) if is_ratio else parts.measure.name,
        'denominator': metric_measure(parts.denominator.name) if is_ratio else none,
    }) }}
{% endmacro %}
