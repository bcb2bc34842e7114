{#
    The dimensions of shop.yml, in its order: name, parent, and whether it takes the place of one
    that every shop has. Empty while dbt parses.
#}
{% macro shop_dimensions() %}
    {%- set dimensions = [] -%}
    {%- if execute -%}
        {%- set query = 'select dimension, parent from raw.dimensions order by place' -%}
        {%- for row in asked_once(query).rows -%}
            {%- do dimensions.append({
                'dimension': row[0], 'parent': row[1], 'is_usual': row[0] in ['category', 'region'],
            }) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(dimensions) }}
{% endmacro %}
