{#
    What a KPI may need of the source (`needs` in its YAML), each with the number of different
    members that it takes: the best sellers say something once more products are sold.
#}
{% macro kpi_needs() %}
    {%- set largest = kpi_measures('daily') | map(attribute='largest') | selectattr('members') -%}
    {{ return({
        'customers': 1,
        'repeat_customers': 1,
        'several_countries': 2,
        'home_and_abroad': 2,
        'returns': 1,
        'many_products': (largest | map(attribute='members') | first | default(0, true)) + 1,
    }) }}
{% endmacro %}
