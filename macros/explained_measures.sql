{#
    The measures that detection can break down: those that the segment tables have a column of. One
    named `…_daily` goes by its name without that there.
#}
{% macro explained_measures() %}
    {%- set explained = [] -%}
    {%- if execute -%}
        {%- for model in graph.nodes.values() if model.name == 'fct_segments_daily' -%}
            {%- for name in kpi_measures().keys() | sort -%}
                {%- if model.columns.get(name | replace('_daily', ''), {}).get('data_type')
                        in ['decimal(38, 8)', 'bigint', 'double'] -%}
                    {%- do explained.append(name) -%}
                {%- endif -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(explained) }}
{% endmacro %}
