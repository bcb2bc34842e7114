-- One row per calendar day, with a column of each KPI: for BI tools.
{{ config(materialized='view' if target.type == 'duckdb' else 'table') }}
{{ kpis_wide('daily') }}
