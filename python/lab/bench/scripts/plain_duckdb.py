"""One SQL file by DuckDB: `python -m lab.bench.scripts.plain_duckdb ORDERS OUT`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import duckdb

SQL = Path(__file__).with_suffix(".sql")
SEEDS = "seeds"


def main(orders: Path, out: Path) -> None:
    """Build all tables in a DuckDB file beside `out`, and write the KPIs to `out`."""
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": os.environ["RETAIL_MEMORY_LIMIT"],
        "threads": int(os.environ["RETAIL_THREADS"]),
    }
    with duckdb.connect(out.with_suffix(".duckdb"), config=settings) as connection:
        connection.execute("set variable orders = ?", [str(orders / "*.csv")])
        connection.execute("set variable seeds = ?", [SEEDS])
        connection.execute(SQL.read_text(encoding="utf-8"))
        connection.execute(
            f"""copy (
                select 'daily' as grain, * from kpis_daily
                union all
                select 'weekly' as grain, * from kpis_weekly
            ) to '{out}' (format csv, header false)"""  # noqa: S608 - names of our own
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
