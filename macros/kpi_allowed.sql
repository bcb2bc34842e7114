{# What the KPI YAML may say: the one list that the checks, and their messages, read. #}
{% macro kpi_allowed(field) %}
    {{ return({
        'keys': [
            'group', 'owner', 'cadence', 'unit', 'direction', 'scale', 'segment_by',
            'warm_up_days', 'thresholds', 'materiality',
        ],
        'type': ['simple', 'ratio'],
        'cadence': ['daily', 'weekly'],
        'unit': ['currency', 'count', 'ratio', 'items'],
        'direction': ['up', 'down', 'none'],
        'scale': ['log', 'sqrt', 'logit', 'linear'],
        'segment_by': [none, 'country'],
        'thresholds': ['z', 'iqr', 'trend_alpha', 'confidence'],
        'materiality': ['absolute', 'relative'],
    }[field]) }}
{% endmacro %}
