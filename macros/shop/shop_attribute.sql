{# A dimension of shop.yml, out of the JSON that each order line carries. #}
{% macro shop_attribute(attributes, name) -%}
    {{ return(adapter.dispatch('shop_attribute')(attributes, name)) }}
{%- endmacro %}

{% macro default__shop_attribute(attributes, name) -%}
    json_extract_string({{ attributes }}, '$.{{ name }}')
{%- endmacro %}

{% macro spark__shop_attribute(attributes, name) -%}
    get_json_object({{ attributes }}, '$.{{ name }}')
{%- endmacro %}
