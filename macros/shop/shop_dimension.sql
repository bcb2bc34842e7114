{#
    A dimension of an order line: the shop's own where shop.yml has one of that name, else the
    usual expression.
#}
{% macro shop_dimension(name, usual=none) -%}
    {%- if name in shop_dimensions() | map(attribute='dimension') -%}
        coalesce(
            {{ shop_attribute('order_lines.attributes', name) }},
            {{ sql_text(var('unknown_country')) }}
        )
    {%- else -%}
        {{ usual }}
    {%- endif -%}
{%- endmacro %}
