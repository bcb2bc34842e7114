-- One row per ISO week and combination of every dimension that was sold or returned: what
-- anomalies are broken down by.
{{ segment_table('week') }}
