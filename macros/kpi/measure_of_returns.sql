{#
    Whether a measure of the semantic model is of returns alone: restated, they are on the day of
    their sale. In all others the sale itself is reduced, and its cancellation left out.
#}
{% macro measure_of_returns(name) %}
    {%- set sales = ['gross_revenue', 'net_revenue', 'units', 'amount', 'quantity'] -%}
    {%- for measure in kpi_measures() if measure.measure == name -%}
        {%- set words = modules.re.findall('[a-z_]+', measure.expr | lower) -%}
        {{ return('returned_revenue' in words and not words | select('in', sales) | list) }}
    {%- endfor -%}
    {{ return(false) }}
{% endmacro %}
