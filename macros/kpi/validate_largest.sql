{# What a measure over the largest members of a dimension may say of them. #}
{% macro validate_largest(which, agg, largest) %}
    {%- set keys = kpi_allowed('largest') -%}
    {%- if largest is not mapping or largest | sort != keys | sort or agg != 'sum' -%}
        {%- do exceptions.raise_compiler_error(
            which ~ ": largest is '" ~ largest ~ "' of agg '" ~ agg
            ~ "'; allowed: a mapping with " ~ keys | join(', ') ~ ', of a sum'
        ) -%}
    {%- endif -%}
    {%- set count = largest.members -%}
    {%- if count is not integer or count is boolean or count < 1 -%}
        {%- do exceptions.raise_compiler_error(
            which ~ ": largest.members is '" ~ count ~ "'; allowed: a whole number above 0"
        ) -%}
    {%- endif -%}
    {%- set sums = kpi_measures('daily') | selectattr('agg', 'equalto', 'sum') -%}
    {%- for key, allowed in [
        ('dimension', kpi_dimensions() | map(attribute='dimension') | list),
        ('measure', sums | rejectattr('largest') | map(attribute='column') | list),
    ] if largest[key] not in allowed -%}
        {%- do exceptions.raise_compiler_error(
            which ~ ': largest.' ~ key ~ " is '" ~ largest[key] ~ "'; allowed: "
            ~ allowed | join(', ')
        ) -%}
    {%- endfor -%}
{% endmacro %}
