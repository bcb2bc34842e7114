-- Days on which the segment table does not add up to a KPI.
{{ segments_against_kpis(ref('fct_kpis_daily'), ref('fct_segments_daily'), 'daily') }}
