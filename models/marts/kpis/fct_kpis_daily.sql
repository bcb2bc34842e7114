-- One row per KPI, segment and calendar day.
{{ kpi_table('daily') }}
