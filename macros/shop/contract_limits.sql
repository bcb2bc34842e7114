{#
    From where on a data contract of shop.yml warns, and stops the build: a dict of `warn` and
    `error`, each NULL where it does not.
#}
{% macro contract_limits(contract) %}
    {%- set limits = {'warn': none, 'error': none} -%}
    {%- if execute -%}
        {%- set query -%}
            select warn, error from raw.contracts where contract = {{ sql_text(contract) }}
        {%- endset -%}
        {%- for row in run_query(query).rows -%}
            {%- do limits.update({'warn': row[0], 'error': row[1]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(limits) }}
{% endmacro %}
