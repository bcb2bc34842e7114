{#
    A contract's columns that must not be NULL, looked at as soon as the table is written: Parquet
    enforces nothing by itself.
#}
{% macro spark__persist_constraints(relation, model) %}
    {%- set required = [] -%}
    {%- for column in model.columns.values() if model.config.contract.enforced -%}
        {%- if column.constraints | selectattr('type', 'equalto', 'not_null') | list -%}
            {%- do required.append(column.name) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if required -%}
        {%- set query -%}
            select
                {%- for name in required %}
                count(*) - count({{ name }}) as {{ name }}{{ ',' if not loop.last }}
                {%- endfor %}
            from {{ relation }}
        {%- endset -%}
        {%- set found = run_query(query).rows[0] -%}
        {%- for name in required if found[name] -%}
            {%- do exceptions.raise_compiler_error(
                'NOT NULL constraint failed: ' ~ relation ~ '.' ~ name ~ ' is NULL in '
                ~ found[name] ~ ' rows'
            ) -%}
        {%- endfor -%}
    {%- endif -%}
{% endmacro %}
