"""The daily job: raw data → `dbt build` → `detect` → a published DuckDB file, in one process."""
