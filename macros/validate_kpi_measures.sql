{#
    What one KPI is computed from: measures that are there, that detection can break down, in ways
    that the tables can be generated from.
#}
{% macro validate_kpi_measures(kpi) %}
    {%- set known = kpi_measures() -%}
    {%- set explained = explained_measures() -%}
    {%- set allowed = '; allowed: ' ~ explained | join(', ') -%}
    {%- if kpi.modifiers -%}
        {%- do kpi_error(
            kpi, kpi.modifiers[0] ~ ' is not supported; name a measure as it is' ~ allowed
        ) -%}
    {%- endif -%}
    {%- for name in [kpi.numerator] + ([kpi.denominator] if kpi.type == 'ratio' else []) -%}
        {%- if name not in known -%}
            {%- do kpi_error(kpi, "unknown measure '" ~ name ~ "'" ~ allowed) -%}
        {%- elif name not in explained -%}
            {%- do kpi_error(
                kpi, "measure '" ~ name ~ "' is not in the segment tables, so that detection could "
                ~ 'not explain it' ~ allowed
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
