"""The project's own SQL without dbt: `python -m lab.bench.scripts.same_sql ORDERS OUT`.

What dbt compiled is run in its order in one process, seeds and landing included; no test, no hook.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb

from retail.ingest.parquet_cache import land
from retail.ingest.sources import SOURCE_VARIABLE, resolve
from retail.ingest.views import create_views

MANIFEST = "BENCH_MANIFEST"
SCHEMAS = ("staging", "intermediate", "marts", "seeds")
Node = dict[str, Any]


def main(orders: Path, out: Path) -> None:
    """Build all tables in a DuckDB file beside `out`, and write the KPIs to `out`."""
    manifest = json.loads(Path(os.environ[MANIFEST]).read_text(encoding="utf-8"))
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": os.environ["RETAIL_MEMORY_LIMIT"],
        "threads": int(os.environ["RETAIL_THREADS"]),
    }
    landing = land(resolve(Path.cwd(), {SOURCE_VARIABLE: str(orders)}), out.with_suffix(".landed"))
    # dbt wrote the names of its own file into the SQL.
    file = out.with_name(f"{_database(manifest)}.duckdb")
    with duckdb.connect(file, config=settings) as connection:
        connection.execute("set TimeZone = 'UTC'")
        create_views(connection, landing)
        for schema in SCHEMAS:
            connection.execute(f"create schema if not exists {schema}")
        for node in _in_order(manifest["nodes"]):
            connection.execute(_statement(node))
        connection.execute(
            f"""copy (
                select 'daily' as grain, kpi, segment, period_start, value
                from marts.fct_kpis_daily
                union all
                select 'weekly' as grain, kpi, segment, period_start, value
                from marts.fct_kpis_weekly
            ) to '{out}' (format csv, header false)"""  # noqa: S608 - names of our own
        )


def _database(manifest: Node) -> str:
    return str(next(iter(manifest["nodes"].values()))["database"])


def _in_order(nodes: dict[str, Node]) -> Iterator[Node]:
    """Seeds and models, each after what it reads."""
    done: set[str] = set()

    def visit(name: str) -> Iterator[Node]:
        if name in done or nodes.get(name, {}).get("resource_type") not in ("model", "seed"):
            return
        done.add(name)
        for parent in nodes[name]["depends_on"].get("nodes", []):
            yield from visit(parent)
        yield nodes[name]

    for name in nodes:
        yield from visit(name)


def _statement(node: Node) -> str:
    table = f"{node['schema']}.{node['name']}"
    if node["resource_type"] == "seed":
        return (
            f"create or replace table {table} as "  # noqa: S608 - names of our own
            f"select * from read_csv('{node['original_file_path']}', header = true)"
        )
    kind = "view" if node["config"]["materialized"] == "view" else "table"
    return f"create or replace {kind} {table} as {node['compiled_code']}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
