{#
    What a KPI may need of the source (`needs` in its YAML): a number of different members, such as
    a second country, or one product more than there are best sellers. Each is an expression over
    the sale and return lines (`order_lines`) or the numbered orders (`orders`).
#}
{% macro kpi_needs() %}
    {%- set shares = kpi_measures('daily') | map(attribute='largest') | selectattr('members') -%}
    {%- set largest = shares | map(attribute='members') | first | default(0, true) -%}
    {%- set rules = shop() -%}
    {%- set known = 'country != ' ~ sql_text(var('unknown_country')) | trim -%}
    {%- set home = 'lower(country) = lower(' ~ sql_text(rules.home_country) | trim ~ ')' -%}
    {{ return({
        'customers': {
            'members': 1, 'of': 'order_lines', 'member': 'customer_id',
            'where': 'customer_id is not null',
        },
        'repeat_customers': {
            'members': 1, 'of': 'orders', 'member': 'customer_id', 'where': 'order_number > 1',
        },
        'several_countries': {
            'members': 2, 'of': 'order_lines', 'member': 'country', 'where': known,
        },
        'home_and_abroad': {
            'members': 2, 'of': 'order_lines', 'where': known,
            'member': "case when " ~ home ~ " then 'home' else 'abroad' end",
        },
        'returns': {
            'members': 1, 'of': 'order_lines', 'member': 'line_type',
            'where': "line_type = 'return'",
        },
        'many_products': {
            'members': largest + 1, 'of': 'order_lines', 'member': 'stock_code',
            'where': "line_type = 'sale'",
        },
    }) }}
{% endmacro %}
