{#
    What one KPI is computed from: measures that are there, in ways that the tables can be generated
    from.
#}
{% macro validate_kpi_measures(kpi) %}
    {%- set known = kpi_measures() -%}
    {%- if kpi.modifiers -%}
        {%- do kpi_error(
            kpi,
            kpi.modifiers[0] ~ ' is not supported; write a measure with an expr in '
            ~ 'models/marts/fct_orders.yml'
        ) -%}
    {%- endif -%}
    {%- for name in [kpi.numerator] + ([kpi.denominator] if kpi.type == 'ratio' else []) -%}
        {%- if name not in known -%}
            {%- do kpi_error(
                kpi, "unknown measure '" ~ name ~ "'; allowed: " ~ known.keys() | sort | join(', ')
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
