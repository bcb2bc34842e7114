{#
    Adds the shop's own dimensions to the contract of the model that is being built: its YAML can't
    list them. A hook, so that it runs before the contract is enforced.
#}
{% macro add_shop_columns() -%}
    {%- for dimension in shop_dimensions() if not dimension.is_usual -%}
        {%- set column = {
            'name': dimension.dimension, 'data_type': 'string', 'constraints': [], 'meta': {},
            'description': 'A dimension of shop.yml.', 'tags': [], 'quote': none,
        } -%}
        {%- do model['columns'].update({dimension.dimension: column}) -%}
    {%- endfor -%}
{%- endmacro %}
