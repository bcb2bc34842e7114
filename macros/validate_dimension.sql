{# What the `meta` of one dimension may say of it. #}
{% macro validate_dimension(which, dimension) %}
    {%- set others = kpi_dimensions() | map(attribute='dimension') | list -%}
    {%- set kinds = ['combined', 'alone', 'never'] -%}
    {%- if dimension.root_cause not in kinds -%}
        {%- do exceptions.raise_compiler_error(
            which ~ ": root_cause is '" ~ dimension.root_cause ~ "'; allowed: "
            ~ kinds | join(', ')
        ) -%}
    {%- elif dimension.coarser_than not in [none] + others -%}
        {%- do exceptions.raise_compiler_error(
            which ~ ": coarser_than is '" ~ dimension.coarser_than ~ "'; allowed: "
            ~ others | join(', ')
        ) -%}
    {%- endif -%}
{% endmacro %}
