{#
    The fields of one KPI that are numbers: every one there and not negative, a threshold above 0
    (at 0, every period is at its limit), and a probability below 1.
#}
{% macro validate_kpi_numbers(kpi) %}
    {%- for section in ['thresholds', 'materiality'] -%}
        {%- for name in kpi[section] | reject('in', kpi_allowed(section)) -%}
            {%- do kpi_error(
                kpi, "unknown key '" ~ name ~ "' in " ~ section ~ '; allowed: '
                ~ kpi_allowed(section) | join(', ')
            ) -%}
        {%- endfor -%}
        {%- for name in kpi_allowed(section) | reject('equalto', 'preset') -%}
            {%- set number = kpi[section].get(name) -%}
            {%- set limit = 1 if name in ['trend_alpha', 'confidence'] else none -%}
            {%- if number is not number or number is boolean or number != number or number < 0
                    or (section == 'thresholds' and not number) or (limit and number >= limit) -%}
                {%- do kpi_error(
                    kpi, section ~ '.' ~ name ~ ' is '
                    ~ ("'" ~ number ~ "'" if number is not none else 'missing')
                    ~ '; allowed: a number ' ~ (
                        'between 0 and 1' if limit
                        else 'above 0' if section == 'thresholds' else 'of 0 or more'
                    )
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for field in ['warm_up_days', 'place'] -%}
        {%- set number = kpi[field] -%}
        {%- if number is not integer or number is boolean or number < 0 -%}
            {%- do kpi_error(
                kpi, field ~ " is '" ~ number ~ "'; allowed: a whole number of 0 or more"
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
