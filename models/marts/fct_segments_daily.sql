-- One row per day and combination of every dimension that was sold or returned: what anomalies are
-- broken down by.
{{ config(
    materialized='incremental' if target.type == 'duckdb' else 'table',
    incremental_strategy='append',
    on_schema_change='fail',
    pre_hook="{{ delete_changed_periods('period_start', periods_to_segment('daily')) }}",
    post_hook='{{ set_build_hash() }}'
) }}
{{ segment_table('daily') }}
