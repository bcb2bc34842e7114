{# Runs a query of dates and gives them as a list of SQL literals: few, so that scans can skip. #}
{% macro periods_of(query) -%}
    {%- set literals = [] -%}
    {%- for day in run_query(query).columns[0].values() | unique -%}
        {%- do literals.append("date '" ~ day ~ "'" if day else 'null') -%}
    {%- endfor -%}
    {{ return(literals) }}
{%- endmacro %}
