{#
    dbt's own answer, and yes for an incremental model that other code built: its SQL, a macro, a
    seed or a setting may have changed since. Overrides the macro of the same name in dbt.
#}
{% macro should_full_refresh() -%}
    {%- set asked = config.get('full_refresh') -%}
    {%- if asked is none -%}{%- set asked = flags.FULL_REFRESH -%}{%- endif -%}
    {%- set is_incremental_model = model.config.materialized == 'incremental' -%}
    {%- set may_be_old = execute and is_incremental_model and target.type == 'duckdb' -%}
    {{ return(asked or (may_be_old and get_build_hash(this) != current_build_hash())) }}
{%- endmacro %}
