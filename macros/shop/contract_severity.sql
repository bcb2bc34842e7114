{# 2 where a share is above what stops the build, 1 where it is above what warns, else 0. #}
{% macro contract_severity(share, contract) -%}
    {%- set limits = contract_limits(contract) -%}
    case
        {%- if limits.error is not none %}
        when {{ share }} > {{ limits.error }} then 2
        {%- endif %}
        {%- if limits.warn is not none %}
        when {{ share }} > {{ limits.warn }} then 1
        {%- endif %}
        {%- if limits.warn is none and limits.error is none %}
        when false then 1
        {%- endif %}
        else 0
    end
{%- endmacro %}
