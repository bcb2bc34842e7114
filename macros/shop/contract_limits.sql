{#
    From where on a data contract of shop.yml warns, and stops the build: a dict of `warn` and
    `error`, each NULL where it does not.
#}
{% macro contract_limits(contract) %}
    {%- set limits = {'warn': none, 'error': none} -%}
    {%- if execute -%}
        {%- for row in asked_once('select contract, warn, error from raw.contracts').rows
            if row[0] == contract -%}
            {%- do limits.update({'warn': row[1], 'error': row[2]}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(limits) }}
{% endmacro %}
