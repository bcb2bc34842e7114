{#
    Sources without the database's name: in DuckDB that is the name of the file, and a view that
    held it would break as soon as somebody copied the file to another name.
#}
{% macro source(source_name, table_name) %}
    {{ return(builtins.source(source_name, table_name).include(database=false)) }}
{% endmacro %}
