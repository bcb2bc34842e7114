-- One row per KPI, segment and ISO week.
{{ kpi_table('weekly', ref('fct_measures_daily')) }}
