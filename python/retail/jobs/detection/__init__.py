"""Run the engine on the tables of the DuckDB file, and write what it finds."""
