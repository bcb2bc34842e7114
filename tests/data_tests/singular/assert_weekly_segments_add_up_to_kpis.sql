-- ISO weeks in which the segment table does not add up to a KPI.
{{ segments_against_kpis(ref('fct_kpis_weekly'), ref('fct_segments_weekly'), 'weekly') }}
