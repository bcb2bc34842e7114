{# What a KPI is computed from: measures that are there, in ways that tables are generated from. #}
{% macro validate_kpi_measures(kpi) %}
    {%- set known = kpi_measures('daily') | map(attribute='measure') | sort -%}
    {%- set allowed = '; allowed: ' ~ known | join(', ') -%}
    {%- if kpi.modifiers -%}
        {%- do kpi_error(
            kpi, kpi.modifiers[0] ~ ' is not supported; name a measure as it is' ~ allowed
        ) -%}
    {%- endif -%}
    {%- for name in [kpi.numerator] + ([kpi.denominator] if kpi.type == 'ratio' else []) -%}
        {%- if name not in known -%}
            {%- do kpi_error(kpi, "unknown measure '" ~ name ~ "'" ~ allowed) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
