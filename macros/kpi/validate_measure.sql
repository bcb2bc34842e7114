{# What one measure sums or counts. #}
{% macro validate_measure(which, measure) %}
    {%- set meta = measure.config.meta -%}
    {%- set expr = measure.expr or measure.name -%}
    {%- set type = measured_columns().get(expr | trim | lower, {}).get('data_type', 'decimal') -%}
    {%- do validate_measured_keys(which, meta, kpi_allowed('measure_keys')) -%}
    {%- if measure.agg not in kpi_allowed('agg') -%}
        {%- do exceptions.raise_compiler_error(
            which ~ ": agg is '" ~ measure.agg ~ "'; allowed: " ~ kpi_allowed('agg') | join(', ')
        ) -%}
    {%- endif -%}
    {%- do validate_line_expr(which, expr) -%}
    {%- if measure.agg == 'sum' and not modules.re.match('bigint|integer|decimal|double', type) -%}
        {%- do exceptions.raise_compiler_error(
            which ~ ": agg is 'sum' of the column '" ~ expr ~ "', which is " ~ type
            ~ '; allowed: a number'
        ) -%}
    {%- elif 'largest' in meta -%}
        {%- do validate_largest(which, measure.agg, meta.largest) -%}
    {%- endif -%}
{% endmacro %}
