{#
    Where Spark keeps a table: in a folder of the run (`RETAIL_LAKE_RUN`), by schema and name, so
    that what a run writes is published or thrown away whole. Without it, in Spark's own warehouse.
#}
{% macro spark__location_clause() -%}
    {%- set folder = env_var('RETAIL_LAKE_RUN', '') -%}
    {%- if folder %}
    location {{ sql_text(folder ~ '/' ~ model.schema ~ '/' ~ model.alias) }}
    {%- endif -%}
{%- endmacro %}
