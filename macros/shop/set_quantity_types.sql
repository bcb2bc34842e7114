{#
    Types the quantities in the contract of the model that is being built: they depend on the shop,
    and its YAML can't. A hook, so that it runs before the contract is enforced.
#}
{% macro set_quantity_types() -%}
    {%- for name in quantity_columns() if name in model['columns'] -%}
        {%- set column = model['columns'][name] -%}
        {%- do column.update({'data_type': quantity_type(column['data_type'])}) -%}
    {%- endfor -%}
{%- endmacro %}
