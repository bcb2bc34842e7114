{# Run a query of dates, and return SQL literals: few, so that scans can skip row groups. #}
{% macro date_literals(query) -%}
    {%- set literals = [] -%}
    {%- for day in run_query(query).columns[0].values() | unique -%}
        {%- do literals.append("date '" ~ day ~ "'" if day else 'null') -%}
    {%- endfor -%}
    {{ return(literals) }}
{%- endmacro %}
