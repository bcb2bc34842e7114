{#
    The dimensions that KPIs are broken down by, as dicts in the order of the YAML: those of the
    semantic model with `broken_down_by` in their `meta`, then those of shop.yml. Empty while dbt
    parses.
#}
{% macro kpi_dimensions() %}
    {%- set dimensions = [] -%}
    {%- set model = measured_model() or {'dimensions': []} -%}
    {%- for dimension in model.dimensions if dimension.config.meta.get('broken_down_by') -%}
        {%- set meta = dimension.config.meta -%}
        {%- set name = meta.broken_down_by if meta.broken_down_by is string else dimension.name -%}
        {%- do dimensions.append({
            'dimension': name,
            'description': dimension.description,
            'expr': dimension.expr or dimension.name,
            'coarser_than': meta.get('coarser_than'),
            'root_cause': meta.get('root_cause', 'combined'),
        }) -%}
    {%- endfor -%}
    {%- set own = shop_dimensions() -%}
    {%- for dimension in own if not dimension.is_usual -%}
        {%- set children = own | selectattr('parent', 'equalto', dimension.dimension) -%}
        {%- do dimensions.append({
            'dimension': dimension.dimension,
            'description': 'A dimension of shop.yml.',
            'expr': dimension.dimension,
            'coarser_than': children | map(attribute='dimension') | first | default(none, true),
            'root_cause': 'combined',
        }) -%}
    {%- endfor -%}
    {{ return(dimensions) }}
{% endmacro %}
