{# What the `meta` of one dimension may say of it. #}
{% macro validate_dimension(which, dimension) %}
    {%- set meta = dimension.config.meta -%}
    {%- set name = meta.get('broken_down_by', false) -%}
    {%- set kind = meta.get('root_cause', 'combined') -%}
    {%- set wider = meta.get('coarser_than') -%}
    {%- set finest = kpi_dimensions() | selectattr('coarser_than', 'none')
        | map(attribute='dimension') | reject('in', [name, dimension.name]) | list -%}
    {%- do validate_measured_keys(which, meta, kpi_allowed('dimension_keys')) -%}
    {%- if name is not boolean and name != dimension.expr -%}
        {%- do exceptions.raise_compiler_error(
            which ~ ": broken_down_by is '" ~ name ~ "'; allowed: true, false, or the column that "
            ~ 'is its expr'
        ) -%}
    {%- elif kind not in kpi_allowed('root_cause') -%}
        {%- do exceptions.raise_compiler_error(
            which ~ ": root_cause is '" ~ kind ~ "'; allowed: "
            ~ kpi_allowed('root_cause') | join(', ')
        ) -%}
    {%- elif wider is not none and wider not in finest -%}
        {%- do exceptions.raise_compiler_error(
            which ~ ": coarser_than is '" ~ wider ~ "'; allowed: " ~ finest | join(', ')
        ) -%}
    {%- elif name -%}
        {%- do validate_line_expr(which, dimension.expr or dimension.name) -%}
    {%- endif -%}
{% endmacro %}
