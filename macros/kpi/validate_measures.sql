{#
    Stops the build at the first measure or dimension that tables can't be generated from, in one
    line: file, which one, what is wrong, what is allowed.
#}
{% macro validate_measures() %}
    {%- set model = measured_model() -%}
    {%- if model -%}
        {%- set file = model.original_file_path -%}
        {%- for dimension in model.dimensions -%}
            {%- do validate_dimension(file ~ ': dimension ' ~ dimension.name, dimension) -%}
        {%- endfor -%}
        {%- for measure in model.measures -%}
            {%- do validate_measure(file ~ ': measure ' ~ measure.name, measure) -%}
        {%- endfor -%}
        {%- do validate_measured_names(file) -%}
        {%- set there = kpi_dimensions() | map(attribute='dimension') -%}
        {%- for name in ['country', 'customer_type', 'hour'] | reject('in', there | list) -%}
            {%- do exceptions.raise_compiler_error(
                file ~ ': dimension ' ~ name
                ~ ': broken_down_by is missing; checks on the data and the driver tree need it'
            ) -%}
        {%- endfor -%}
        {%- set there = kpi_measures() | selectattr('largest') | map(attribute='measure') | list -%}
        {%- for grain in kpi_allowed('cadence') -%}
            {%- if 'top_product_revenue_' ~ grain not in there -%}
                {%- do exceptions.raise_compiler_error(
                    file ~ ': measure top_product_revenue_' ~ grain
                    ~ ': largest is missing; it says how many best sellers there are'
                ) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
