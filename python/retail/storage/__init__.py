"""The DuckDB file: its name, who may write to it, and how it is replaced."""
