{#
    Stops the build at the first mistake in the KPI YAML, in one line: file, KPI, what is wrong,
    what is allowed. Runs before any model, so that the last good tables stay.
#}
{% macro validate_kpis() %}
    {%- for kpi in kpi_definitions() -%}
        {%- do validate_kpi_words(kpi) -%}
        {%- do validate_kpi_numbers(kpi) -%}
        {%- do validate_kpi_measures(kpi) -%}
    {%- endfor -%}
{% endmacro %}
