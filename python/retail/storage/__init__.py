"""The DuckDB file: what it is called, who may write to it, and how a new one takes its place."""
