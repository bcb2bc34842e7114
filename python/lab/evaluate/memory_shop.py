"""A shop whose order lines lie in memory: disturbed and measured in half a second.

The KPI tables are made by the very SQL that the build ran, from lines that are clean already.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from detect import calendar
from detect.attribution.segments import Segments
from detect.members import MemberPanel
from detect.records import GRAINS, Days, Grain, Inputs
from lab.evaluate.measure import workspace
from retail.jobs.daily.build import TABLES_ONLY, build
from retail.jobs.detection import store
from retail.jobs.detection.store.segments import segments_of
from retail.storage.quoting import literal

MODELS = ("fct_measures_daily", "fct_kpis_daily", "fct_kpis_weekly", "fct_typical_orders_daily")
"""From order lines to KPIs, in the order of the build."""
SEGMENTS = "fct_segments_daily"
KEPT = (
    "dim_countries",
    "dim_weeks",
    "dim_kpis",
    "dim_dimensions",
    "fct_dimensions_monthly",
    SEGMENTS,
)
"""Tables that these read, and that no disturbance changes."""
LINES = "create or replace view marts.fct_order_lines as from marts.fct_kpi_lines"
DATES = """
    create or replace table marts.dim_dates as
    select * replace (
        date_day in (select order_date from marts.fct_kpi_lines where line_type = 'sale')
            as is_trading_day
    )
    from dates
"""


@dataclass(frozen=True)
class MemoryShop:
    """A database in memory with order lines as `base`, and as `marts.fct_kpi_lines` to disturb.

    `undisturbed` is what a run would read, `days` are those with a sale, `models` the SQL of the
    KPI tables by name.
    """

    name: str
    connection: duckdb.DuckDBPyConnection
    undisturbed: Inputs
    days: tuple[dt.date, ...]
    models: dict[str, str]
    segments_query: str

    def restore(self) -> None:
        """Undo all disturbances."""
        self.connection.execute("create or replace table marts.fct_kpi_lines as from base")

    def inputs(self) -> Inputs:
        """Measure the KPIs of the lines as they are."""
        self.connection.execute(DATES)
        self.connection.execute(LINES)
        for name, query in self.models.items():
            self.connection.execute(f"create or replace table marts.{name} as {query}")
        kpis = self.undisturbed.kpis
        dates = store.read_dates(self.connection, None, Path(self.name))
        panels = {grain: store.read_panel(self.connection, grain, kpis, dates) for grain in GRAINS}
        typical = store.read_typical(self.connection, panels["daily"])
        return dataclasses.replace(self.undisturbed, dates=dates, panels=panels, typical=typical)

    def members(self, inputs: Inputs) -> dict[Grain, MemberPanel]:
        """Measure the members of every dimension of the lines as they are."""
        return store.member_panels(self.connection, calendar.learn(inputs.dates), inputs.periods)

    def segments(self, changed: dt.date, periods: Days, measures: Sequence[str]) -> Segments:
        """Measure the segments of a day that was changed, beside those of undisturbed periods."""
        self.connection.execute(
            f"""
            create or replace view marts.fct_order_lines as
            select order_date, 0::ubigint as line_hash from marts.fct_kpi_lines
            where order_date = date '{changed}';
            create or replace temporary table disturbed as
            select * from marts.fct_segments_daily where period_start != date '{changed}'
            union all by name
            select * from ({self.segments_query}) where period_start = date '{changed}'
            """  # noqa: S608
        )
        return segments_of(self.connection, "disturbed", periods, measures)


@contextmanager
def opened(project: Path, source: Path, folder: Path) -> Iterator[MemoryShop]:
    """Build the tables of a source, and copy its order lines into memory.

    Args:
        project: root of the dbt project.
        source: raw data of one shop.
        folder: for the build; it is kept.

    Raises:
        RetailError, DetectError: the source can't be read.
    """
    database, target = folder / "memory.duckdb", folder / "target"
    with workspace(target):
        os.environ["RETAIL_SOURCE"] = str(source)
        build(project, database, TABLES_ONLY)
        models = {name: _compiled(target, name, database.stem) for name in MODELS}
        segments = _compiled(target, SEGMENTS, database.stem)
    undisturbed = store.read_inputs(database, None)
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"attach {literal(str(database))} as built (read_only)")
        connection.execute("create schema marts")
        connection.execute("create table base as from built.marts.fct_kpi_lines")
        connection.execute("create table dates as from built.marts.dim_dates")
        for name in KEPT:
            connection.execute(f"create table marts.{name} as from built.marts.{name}")
        connection.execute("detach built")
        connection.execute("create table marts.fct_kpi_lines as from base")
        rows = connection.execute(
            "select distinct order_date from base where line_type = 'sale' order by 1"
        ).fetchall()
        yield MemoryShop(
            source.name, connection, undisturbed, tuple(day for (day,) in rows), models, segments
        )


def _compiled(target: Path, model: str, database: str) -> str:
    """The SQL that the build ran for a model, without the name of its file."""
    (path,) = (target / "compiled").rglob(f"{model}.sql")
    return re.sub(rf'"{re.escape(database)}"\.', "", path.read_text(encoding="utf-8"))
