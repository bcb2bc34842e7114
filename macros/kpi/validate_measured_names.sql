{#
    The names of measures and dimensions are columns of generated tables: plain words, each there
    once and at both grains, and none that the tables or SQL keep to themselves.
#}
{% macro validate_measured_names(file) %}
    {%- set taken = ['period_start', 'order_date', 'lines', 'line_share', 'source_checksum'] -%}
    {%- set words = reserved_words() -%}
    {%- for grain in kpi_allowed('cadence') -%}
        {%- set other = kpi_allowed('cadence') | reject('equalto', grain) | first -%}
        {%- set twins = kpi_measures(other) | map(attribute='column') | list -%}
        {%- set seen = [] -%}
        {%- for one in kpi_dimensions() + kpi_measures(grain) -%}
            {%- set kind = 'measure' if 'measure' in one else 'dimension' -%}
            {%- set name = one.get('column', one[kind]) -%}
            {%- if not modules.re.fullmatch('[a-z_][a-z0-9_]*', name) -%}
                {%- set problem = "'" ~ name ~ "' is no name; allowed: small letters, digits, _" -%}
            {%- elif name in taken + words -%}
                {%- set problem = "the name '" ~ name ~ "' is taken; allowed: none of "
                    ~ taken | join(', ') ~ ' and the words of SQL' -%}
            {%- elif name in seen -%}
                {%- set problem = "'" ~ name ~ "' is there twice; allowed: one column of a name" -%}
            {%- elif kind == 'measure' and name not in twins -%}
                {%- set problem = name ~ '_' ~ other ~ ' is missing; a measure of one grain has a '
                    ~ 'twin at the other' -%}
            {%- else -%}
                {%- set problem = none -%}
            {%- endif -%}
            {%- if problem -%}
                {%- do exceptions.raise_compiler_error(
                    file ~ ': ' ~ kind ~ ' ' ~ one[kind] ~ ': ' ~ problem
                ) -%}
            {%- endif -%}
            {%- do seen.append(name) -%}
        {%- endfor -%}
    {%- endfor -%}
{% endmacro %}
