-- One row per KPI, segment and calendar day.
{{ kpi_table('daily', ref('fct_measures_daily')) }}
