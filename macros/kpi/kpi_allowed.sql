{#
    What the YAML of KPIs, measures and dimensions may say: the one list that the checks, and their
    messages, read.
#}
{% macro kpi_allowed(field) %}
    {{ return({
        'keys': [
            'group', 'place', 'owner', 'cadence', 'unit', 'direction', 'scale', 'segment_by',
            'needs', 'warm_up_days', 'thresholds', 'materiality',
        ],
        'type': ['simple', 'ratio'],
        'cadence': ['daily', 'weekly'],
        'unit': ['currency', 'count', 'ratio', 'items'],
        'direction': ['up', 'down', 'none'],
        'scale': ['log', 'sqrt', 'logit', 'linear'],
        'segment_by': [none, 'country'],
        'needs': [
            none, 'customers', 'repeat_customers', 'several_countries', 'home_and_abroad',
            'returns', 'many_products',
        ],
        'thresholds': ['z', 'iqr', 'level_shift', 'trend_alpha', 'confidence'],
        'materiality': ['absolute', 'relative', 'preset'],
        'preset': [none, 'uci'],
        'agg': ['sum', 'count_distinct'],
        'measure_keys': ['largest'],
        'largest': ['members', 'dimension', 'measure'],
        'dimension_keys': ['broken_down_by', 'coarser_than', 'root_cause'],
        'root_cause': ['combined', 'alone', 'never'],
    }[field]) }}
{% endmacro %}
