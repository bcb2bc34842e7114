{# One line about a mistake in the KPI YAML, as an error that stops the build. #}
{% macro kpi_error(kpi, problem) %}
    {%- do exceptions.raise_compiler_error(
        kpi.file ~ ': KPI ' ~ kpi.kpi ~ ': ' ~ problem
    ) -%}
{% endmacro %}
