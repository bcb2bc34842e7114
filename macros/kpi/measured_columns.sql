{#
    Name → definition (type, description) of every column that a measure or a dimension may be
    made of: those of the contract of fct_order_lines, but for its internal hash, and those that
    fct_kpi_lines adds.
#}
{% macro measured_columns() %}
    {%- set columns = {} -%}
    {%- for name in ['fct_order_lines', 'fct_kpi_lines'] -%}
        {%- for model in graph.nodes.values() if model.name == name -%}
            {%- for column in model.columns.values() if column.name != 'line_hash' -%}
                {%- do columns.update({column.name: column}) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(columns) }}
{% endmacro %}
