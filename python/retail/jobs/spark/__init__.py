"""The daily job on Spark: the tables are built there, published as Parquet and shown by DuckDB.

The way of a run: ``engine`` starts or joins a Spark, ``export_raw`` lays the landed files out for
it, ``tables`` lets dbt build, ``publish`` shows what came of it in the DuckDB file, and everything
else is ``daily``'s. ``compare`` holds the marts of two files against each other, cell by cell.
"""
