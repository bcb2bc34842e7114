{#
    Stops the build at the first measure or dimension that tables can't be generated from, in one
    line: file, which one, what is wrong, what is allowed.
#}
{% macro validate_measures() %}
    {%- set model = measured_model() -%}
    {%- if model -%}
        {%- for measure in model.measures -%}
            {%- set which = model.original_file_path ~ ': measure ' ~ measure.name -%}
            {%- if measure.agg not in ['sum', 'count_distinct'] -%}
                {%- do exceptions.raise_compiler_error(
                    which ~ ": agg is '" ~ measure.agg ~ "'; allowed: sum, count_distinct"
                ) -%}
            {%- endif -%}
            {%- do validate_line_expr(which, measure.expr or measure.name) -%}
        {%- endfor -%}
        {%- for dimension in kpi_dimensions() -%}
            {%- set which = model.original_file_path ~ ': dimension ' ~ dimension.dimension -%}
            {%- do validate_line_expr(which, dimension.expr) -%}
            {%- do validate_dimension(which, dimension) -%}
        {%- endfor -%}
        {%- set there = kpi_dimensions() | map(attribute='dimension') -%}
        {%- for name in ['country', 'customer_type', 'hour'] | reject('in', there | list) -%}
            {%- do exceptions.raise_compiler_error(
                model.original_file_path ~ ': dimension ' ~ name
                ~ ': broken_down_by is missing; checks on the data and the driver tree need it'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
