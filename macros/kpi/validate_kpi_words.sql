{# The fields of one KPI that are words: present, and among the allowed ones. #}
{% macro validate_kpi_words(kpi) %}
    {%- if kpi.unknown_keys -%}
        {%- do kpi_error(
            kpi, "unknown key '" ~ kpi.unknown_keys[0] ~ "' in config.meta; allowed: "
            ~ kpi_allowed('keys') | join(', ')
        ) -%}
    {%- endif -%}
    {%- for section in ['thresholds', 'materiality'] if kpi[section] is not mapping -%}
        {%- do kpi_error(
            kpi, section ~ " is '" ~ kpi[section] ~ "'; allowed: a mapping with "
            ~ kpi_allowed(section) | join(', ')
        ) -%}
    {%- endfor -%}
    {%- if kpi.materiality.get('preset') not in kpi_allowed('preset') -%}
        {%- do kpi_error(
            kpi, "materiality.preset is '" ~ kpi.materiality.preset ~ "'; allowed: "
            ~ kpi_allowed('preset') | select | join(', ')
        ) -%}
    {%- endif -%}
    {%- for field in ['label', 'description', 'kpi_group', 'owner'] -%}
        {%- if not kpi[field] or kpi[field] is not string -%}
            {%- do kpi_error(
                kpi, field | replace('kpi_', '') ~ ' is missing or no text; write who or what it is'
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for field in ['type', 'cadence', 'unit', 'direction', 'scale', 'segment_by', 'needs'] -%}
        {%- if kpi[field] not in kpi_allowed(field) -%}
            {%- set found = "'" ~ kpi[field] ~ "'" if kpi[field] is not none else 'missing' -%}
            {%- do kpi_error(
                kpi, field ~ ' is ' ~ found
                ~ '; allowed: ' ~ kpi_allowed(field) | select | join(', ')
            ) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
