"""The only module that knows DuckDB: reads KPI tables, writes insights, all or nothing."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from detect.attribution.cells import DIMENSIONS, Cells
from detect.attribution.lines import GUEST, Coded, Lines, Reversal
from detect.errors import DetectError
from detect.feedback import Feedback
from detect.honesty import BlindSpot
from detect.keeping import Earlier, Marks, by, spots_of
from detect.records import (
    CURRENCY,
    GRAINS,
    PERIOD_DAYS,
    Attribution,
    Branch,
    Dates,
    Days,
    Doubt,
    Grain,
    Inputs,
    Kpi,
    Panel,
    Series,
    Source,
)
from detect.schema import TABLES, Column
from warehouse.errors import WarehouseError
from warehouse.opening import open_database, told
from warehouse.publish import changed

_log = logging.getLogger(__name__)
PATIENCE_SECONDS = 10.0
SIMULATED = "simulated shop"
EXPLAINED = (
    "explanations", "attributions", "early_attributions", "kpi_tree", "doubts", "blind_spots",
)  # fmt: skip
"""Tables whose rows are kept from run to run where nothing they rest on has changed."""
MARK = "built_from"
"""Column of the segment tables that changes with the order lines of its period."""
PRICE_HISTORY = dt.timedelta(days=90)
FEWEST_PRICES = 5
"""Sale lines within PRICE_HISTORY from which a product has a range of prices."""
Connection = duckdb.DuckDBPyConnection


@contextmanager
def connect(path: Path, *, read_only: bool) -> Iterator[Connection]:
    """Open the database file, waiting a little while another program writes to it.

    Raises:
        DetectError: there is no such file, it is no database, or it stays locked.
    """
    if not path.is_file():
        raise _missing(path)
    try:
        connection = open_database(path, read_only=read_only, patience=PATIENCE_SECONDS)
    except WarehouseError as error:
        raise DetectError(str(error)) from error
    try:
        connection.execute("set timezone = 'UTC'")
        yield connection
    except duckdb.Error as error:
        raise DetectError(told(path, error)) from error
    finally:
        connection.close()


@contextmanager
def changing(path: Path) -> Iterator[Connection]:
    """Open a copy of the file to write to, which takes its place when all went well.

    Raises:
        DetectError: as `connect` does, or the disk refuses.
    """
    if not path.is_file():
        raise _missing(path)
    try:
        with changed(path) as copy, connect(copy, read_only=False) as connection:
            yield connection
    except WarehouseError as error:
        raise DetectError(str(error)) from error


def _missing(path: Path) -> DetectError:
    return DetectError(f"{path}: no such database; run `dbt build` first, or give --db")


def _quoted(name: str) -> str:
    """A name that comes out of the file, as an identifier and nothing else."""
    return '"' + name.replace('"', '""') + '"'


# ---------------------------------------------------------------------------------- reading


def read_inputs(path: Path, as_of: dt.date | None) -> Inputs:
    """Read definitions, calendar and series; nothing after `as_of` is looked at."""
    with connect(path, read_only=True) as connection:
        _require(connection, path)
        kpis = _kpis(connection)
        dates = _dates(connection, as_of, path)
        panels = {grain: _panel(connection, grain, kpis, dates) for grain in GRAINS}
        complete = dates.day[dates.is_complete]
        newest = (complete[-1] if complete.size else dates.day[-1]).astype(dt.date)
        last = min(as_of, dates.day[-1].astype(dt.date)) if as_of else newest
        grows = _accumulating(connection, kpis, dates)
        series = {grain: len(panel.series) for grain, panel in panels.items()}
        _log.debug("looking at %d KPIs up to %s, series: %s", len(kpis), last, series)
        return Inputs(kpis, dates, panels, _source(connection), grows, last)


def _require(connection: Connection, path: Path) -> None:
    wanted = {"dim_kpis", "dim_dates", "dim_sources"} | {
        f"fct_{what}_{grain}" for what in ("kpis", "segments") for grain in GRAINS
    }
    query = "select table_name from information_schema.tables where table_schema = 'marts'"
    missing = wanted - {name for (name,) in connection.execute(query).fetchall()}
    if missing:
        raise DetectError(
            f"{path}: no table marts.{min(missing)}; run `dbt build` first, or give --db"
        )


def _kpis(connection: Connection) -> tuple[Kpi, ...]:
    fields = [name for name in Kpi.__dataclass_fields__ if name not in ("name", "money")]
    rows = connection.execute(
        f"select kpi, {', '.join(fields)} from marts.dim_kpis order by kpi"  # noqa: S608 - names from the schema, or quoted
    ).fetchall()
    money = _money(connection)
    kpis = (replace(Kpi(name, *map(_plain, values)), money=money) for name, *values in rows)
    return tuple(replace(k, unit=money) if k.unit == CURRENCY else k for k in kpis)


def _money(connection: Connection) -> str:
    """The unit of the shop's money, with its sign where the shop has one."""
    if not _has_table(connection, "marts", "dim_shop"):
        return CURRENCY
    rows = connection.execute("select currency_sign from marts.dim_shop").fetchall()
    return " ".join([CURRENCY, *(sign for (sign,) in rows)])


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever type the column has
    """A value as Python counts with it: a decimal is a float."""
    return float(value) if isinstance(value, Decimal) else value


def _dates(connection: Connection, as_of: dt.date | None, path: Path) -> Dates:
    rows = connection.execute(
        """
        select date_day, day_of_week, is_trading_day, is_complete
        from marts.dim_dates
        where date_day <= coalesce(?, date_day)
        order by date_day
        """,
        [as_of],
    ).fetchall()
    if not rows:
        raise DetectError(f"{path}: marts.dim_dates has no day up to {as_of or 'the end'}")
    day, weekday, is_trading, is_complete = zip(*rows, strict=True)
    return Dates(
        np.array(day, dtype="datetime64[D]"),
        np.array(weekday, dtype=np.int64),
        np.array(is_trading, dtype=bool),
        np.array(is_complete, dtype=bool),
        _holidays(connection),
    )


def _holidays(connection: Connection) -> Days:
    """Holidays of the calendar, and later ones of the home country from the seed."""
    query = "select date_day from marts.dim_dates where holiday is not null"
    if _has_table(connection, "seeds", "closures") and _has_table(connection, "marts", "dim_shop"):
        query += """
            union
            select closures.date_day
            from seeds.closures as closures
            inner join marts.dim_shop as shop on closures.country = shop.home_country
        """
    rows = connection.execute(query).fetchall()
    return np.array(sorted(day for (day,) in rows), dtype="datetime64[D]")


def _panel(connection: Connection, grain: Grain, kpis: tuple[Kpi, ...], dates: Dates) -> Panel:
    """All series of a grain, of periods whose data end no later than the calendar does."""
    step = PERIOD_DAYS[grain]
    last_data = connection.execute("select max(date_day) from marts.dim_dates").fetchone()
    assert last_data is not None
    connection.execute(
        f"""
        create or replace temporary table facts as
        select * from marts.fct_kpis_{grain}
        where least(period_start + {step - 1}, cast(? as date)) <= ?
        """,  # noqa: S608 - names from the schema, or quoted
        [last_data[0], dates.day[-1].astype(dt.date)],
    )
    names = connection.execute(
        "select distinct kpi, segment from facts order by kpi, segment"
    ).fetchall()
    columns = connection.execute(
        """
        with series as (
            select kpi, segment, row_number() over (order by kpi, segment) - 1 as place
            from (select distinct kpi, segment from facts)
        )
        select
            series.place,
            facts.period_start,
            cast(facts.value as double) as value,
            cast(facts.numerator as double) as numerator,
            cast(facts.denominator as double) as denominator,
            facts.is_complete,
            facts.is_warm_up
        from facts
        inner join series on facts.kpi = series.kpi and facts.segment = series.segment
        """
    ).fetchnumpy()
    starts = np.asarray(columns["period_start"]).astype("datetime64[D]")
    first = starts.min() if starts.size else dates.day[0]
    period = np.arange(first, starts.max() + 1 if starts.size else first, step)
    at = (columns["place"], ((starts - first).astype(np.int64)) // step)
    by_name = {kpi.name: kpi for kpi in kpis}
    shape = (len(names), period.size)

    def fill(name: str, empty: float) -> np.ndarray:
        out = np.full(shape, empty, dtype=type(empty))
        out[at] = np.ma.filled(columns[name], empty)
        return out

    return Panel(
        grain=grain,
        series=tuple(Series(by_name[kpi], segment) for kpi, segment in names),
        period=period,
        value=fill("value", np.nan),
        numerator=fill("numerator", np.nan),
        denominator=fill("denominator", np.nan),
        is_complete=fill("is_complete", False),
        is_warm_up=fill("is_warm_up", True),
    )


def _accumulating(connection: Connection, kpis: tuple[Kpi, ...], dates: Dates) -> frozenset[str]:
    """Measures without a negative part anywhere: they can only grow within a period."""
    names = sorted({m for kpi in kpis for m in (kpi.numerator, kpi.denominator) if m})
    lowest = connection.execute(
        f"""
        select {", ".join(f"min({_quoted(name)})" for name in names)}
        from marts.fct_segments_daily
        where period_start <= ?
        """,  # noqa: S608 - names from the schema, or quoted
        [dates.day[-1].astype(dt.date)],
    ).fetchone()
    pairs = zip(names, lowest or [None] * len(names), strict=True)
    return frozenset(name for name, low in pairs if low is not None and low >= 0)


def _source(connection: Connection) -> Source:
    rows = connection.execute(
        "select origin, source_file, raw_rows from marts.dim_sources order by source_file"
    ).fetchall()
    origins = list(dict.fromkeys(origin for origin, _, _ in rows))
    files = rows[0][1] if len(rows) == 1 else f"{len(rows)} files"
    return Source(
        text=f"{', '.join(origins)}: {files}" if rows else "unknown",
        rows=sum(count or 0 for _, _, count in rows),
        is_simulated=SIMULATED in origins,
    )


def read_cells(path: Path, grain: Grain, periods: Days, measures: Sequence[str]) -> Cells:
    """Read the finest segments of some periods, dimensions as integer codes."""
    with connect(path, read_only=True) as connection:
        table = f"marts.fct_segments_{grain}"
        connection.register("wanted", {"period_start": periods.astype("datetime64[us]")})
        connection.execute(
            f"""
            create temporary table cells as
            select cells.* from {table} as cells
            semi join wanted on cells.period_start = cast(wanted.period_start as date)
            """  # noqa: S608 - names from the schema, or quoted
        )
        members = {name: _members(connection, name) for name in DIMENSIONS}
        columns = connection.execute(_cells_query(measures)).fetchnumpy()
    found = np.asarray(columns["period_start"]).astype("datetime64[D]")
    distinct, start = np.unique(found, return_index=True)
    return Cells(
        period=distinct,
        start=np.append(start, found.size).astype(np.int64),
        codes={name: np.asarray(columns[name], dtype=np.int64) for name in DIMENSIONS},
        members=members,
        measures={name: np.ma.filled(columns[f"m_{name}"], 0.0) for name in measures},
    )


def _members(connection: Connection, name: str) -> tuple[str, ...]:
    rows = connection.execute(
        f"select distinct cast({name} as varchar) from cells order by 1 nulls last"  # noqa: S608 - names from the schema, or quoted
    ).fetchall()
    return tuple("(none)" if value is None else value for (value,) in rows)


def _cells_query(measures: Sequence[str]) -> str:
    """Codes count the members in order of their text, as `_members` lists them."""
    lookups = ", ".join(
        f"""{name}_codes as (
            select
                {name},
                row_number() over (order by cast({name} as varchar) nulls last) - 1 as code
            from (select distinct {name} from cells)
        )"""  # noqa: S608 - names from the schema, or quoted
        for name in DIMENSIONS
    )
    codes = ", ".join(f"{name}_codes.code as {name}" for name in DIMENSIONS)
    joins = " ".join(
        f"inner join {name}_codes on cells.{name} is not distinct from {name}_codes.{name}"
        for name in DIMENSIONS
    )
    sums = ", ".join(
        f"cast(cells.{_quoted(name)} as double) as {_quoted(f'm_{name}')}" for name in measures
    )
    # In one order always, or sums would differ in their last digit from run to run.
    order = ", ".join(f"{name}_codes.code" for name in DIMENSIONS)
    return f"""
        with {lookups}
        select cells.period_start, {codes}, {sums}
        from cells
        {joins}
        order by cells.period_start, {order}
    """  # noqa: S608 - names from the schema, or quoted


# ------------------------------------------------------------------------------ order lines


def read_lines(path: Path, first: dt.date, last: dt.date) -> Lines | None:
    """Read the sale and return lines of some days; None where the file has no order lines."""
    with connect(path, read_only=True) as connection:
        if not _has_table(connection, "marts", "fct_order_lines"):
            return None
        columns = connection.execute(
            f"""
            select
                order_date,
                invoice_no as invoice,
                coalesce(customer_id, '{GUEST}') as customer,
                product,
                country,
                coalesce(market = 'international', false) as is_international,
                line_type = 'sale' as is_sale,
                cast(coalesce(order_number, 0) as bigint) as order_number,
                coalesce(is_first_order, false) as is_first_order,
                cast(quantity as double) as quantity,
                cast(unit_price as double) as price,
                cast(net_revenue as double) as amount
            from marts.fct_order_lines
            where line_type in ('sale', 'return') and order_date between ? and ?
            order by source_file, source_row
            """,  # noqa: S608 - names from the schema, or quoted
            [first, last],
        ).fetchnumpy()
    return Lines(
        day=np.asarray(columns["order_date"]).astype("datetime64[D]"),
        invoice=_coded(columns["invoice"]),
        customer=_coded(columns["customer"]),
        product=_coded(columns["product"]),
        country=_coded(columns["country"]),
        is_international=np.asarray(columns["is_international"]),
        is_sale=np.asarray(columns["is_sale"]),
        order_number=np.asarray(columns["order_number"]),
        is_first_order=np.asarray(columns["is_first_order"]),
        quantity=np.asarray(columns["quantity"]),
        price=np.asarray(columns["price"]),
        amount=np.asarray(columns["amount"]),
    )


def _coded(texts: Any) -> Coded:  # noqa: ANN401 - DuckDB may give an array or a categorical
    """A text column with its distinct texts numbered in order."""
    names, codes = np.unique(np.asarray(texts).astype(str), return_inverse=True)
    return Coded(codes.astype(np.int64), tuple(map(str, names)))


def read_reversals(path: Path, first: dt.date, last: dt.date) -> list[Reversal]:
    """Read the sale lines that were cancelled whole, both within some days, the largest first.

    Cancellations in part are left out: a later one in whole can still take their place, and then
    they would have been told of in vain.
    """
    with connect(path, read_only=True) as connection:
        if not _has_table(connection, "marts", "fct_reversals"):
            return []
        rows = connection.execute(
            """
            select
                sale_invoice_no, cancellation_invoice_no, customer_id, product, description,
                cancelled_quantity, minutes_between, cast(cancelled_amount as double)
            from marts.fct_reversals
            where is_whole and order_date >= ? and cancelled_date <= ?
            order by cancelled_amount desc, sale_source_file, sale_source_row
            """,
            [first, last],
        ).fetchall()
    return [Reversal(*row) for row in rows]


def read_past_prices(path: Path, first: dt.date, last: dt.date) -> dict[str, tuple[float, ...]]:
    """Read the prices in the weeks before of each product that is sold on some days."""
    with connect(path, read_only=True) as connection:
        if not _has_table(connection, "marts", "fct_order_lines"):
            return {}
        rows = connection.execute(
            """
            with sold as (
                select distinct product from marts.fct_order_lines
                where line_type = 'sale' and order_date between ? and ?
            ),
            prices as (
                select past.product, cast(past.unit_price as double) as price, count(*) as lines
                from marts.fct_order_lines as past
                semi join sold on past.product = sold.product
                where past.line_type = 'sale' and past.order_date between ? and ?
                group by all
            )
            select product, list(price) from prices group by product having sum(lines) >= ?
            """,
            [first, last, first - PRICE_HISTORY, first - dt.timedelta(days=1), FEWEST_PRICES],
        ).fetchall()
    return {product: tuple(sorted(prices)) for product, prices in rows}


def read_product_names(path: Path) -> dict[str, str]:
    """Read what the products are called, by stock code."""
    with connect(path, read_only=True) as connection:
        if not _has_table(connection, "marts", "dim_products"):
            return {}
        rows = connection.execute(
            "select product, description from marts.dim_products where description is not null"
        ).fetchall()
    return dict(rows)


def read_earlier(path: Path) -> Earlier:
    """Read what the last run explained, and what the order lines of each period come to."""
    with connect(path, read_only=True) as connection:
        marks = _marks(connection)
        if marks is None or not all(_has_table(connection, "insights", name) for name in EXPLAINED):
            return Earlier(marks=marks)
        found = {name: _records(connection, name) for name in EXPLAINED}
    early = [{"anomaly_id": row.pop("warning_id"), **row} for row in found["early_attributions"]]
    attributions = [Attribution(**_known(row)) for row in found["attributions"] + early]
    return Earlier(
        prints={row["subject"]: row["fingerprint"] for row in found["explanations"]},
        attributions=by(attributions, "anomaly_id"),
        branches=by((Branch(**_known(row)) for row in found["kpi_tree"]), "incident_id"),
        doubts=by((Doubt(**_known(row)) for row in found["doubts"]), "incident_id"),
        blind_spots=spots_of(BlindSpot(**row) for row in found["blind_spots"]),
        marks=marks,
    )


def _marks(connection: Connection) -> Marks | None:
    """What each period's lines come to; None where the tables don't say, as those of Spark."""
    marks: Marks = {}
    for grain in GRAINS:
        table = f"marts.fct_segments_{grain}"
        columns = {name for name, *_ in connection.execute(f"describe {table}").fetchall()}
        if MARK not in columns:
            return None
        query = f"select distinct period_start, {MARK} from {table}"  # noqa: S608 - names from the schema, or quoted
        marks[grain] = dict(connection.execute(query).fetchall())
    return None if any(None in found.values() for found in marks.values()) else marks


def _records(connection: Connection, name: str) -> list[dict[str, Any]]:
    """Rows of an insights table by their columns; a table of other columns has none to give."""
    wanted = [column.name for column in TABLES[name].columns]
    found = [column for column, *_ in connection.execute(f"describe insights.{name}").fetchall()]
    if found != wanted:
        return []
    rows = connection.execute(f"select * from insights.{name}").fetchall()  # noqa: S608 - names from the schema, or quoted
    return [dict(zip(wanted, row, strict=True)) for row in rows]


def _known(row: dict[str, Any]) -> dict[str, Any]:
    """A row as the record it was written from: no number is NaN, JSON is a dict."""
    whole = {name: float("nan") if value is None else value for name, value in row.items()}
    whole |= {name: json.loads(row[name]) for name in ("segment", "figures") if name in row}
    if "dimensions" in row:
        whole["dimensions"] = tuple(filter(None, row["dimensions"].split(", ")))
    return whole


def read_labels(path: Path) -> set[str]:
    """Read what the KPIs are called."""
    with connect(path, read_only=True) as connection:
        if not _has_table(connection, "marts", "dim_kpis"):
            return set()
        rows = connection.execute("select label from marts.dim_kpis").fetchall()
    return {label for (label,) in rows}


# ---------------------------------------------------------------------------------- writing


def write_insights(path: Path, tables: dict[str, list[tuple[object, ...]]]) -> None:
    """Replace the insights tables and append the run, in one transaction.

    A reader sees the tables of the last finished run; a killed writer leaves them untouched.
    """
    with changing(path) as connection:
        connection.execute("begin")
        connection.execute("create schema if not exists insights")
        histories: dict[str, list[tuple[object, ...]]] = {
            name: [] for name, table in TABLES.items() if table.keeps_history
        }
        for name, rows in (histories | tables).items():
            _write(connection, name, rows)
        connection.execute("commit")
    _log.debug("insights: %s", ", ".join(f"{len(rows)} {name}" for name, rows in tables.items()))


def _write(connection: Connection, name: str, rows: list[tuple[object, ...]]) -> None:
    table = TABLES[name]
    columns = ", ".join(f"{column.name} {column.type}" for column in table.columns)
    if table.keeps_history:
        connection.execute(f"create table if not exists insights.{name} ({columns})")
    else:
        connection.execute(f"create or replace table insights.{name} ({columns})")
    if not rows:
        return
    arrays = {
        column.name: _array(column, [row[i] for row in rows])
        for i, column in enumerate(table.columns)
    }
    connection.register("fresh", arrays)
    casts = ", ".join(_cast(column) for column in table.columns)
    connection.execute(f"insert into insights.{name} select {casts} from fresh")  # noqa: S608 - names from the schema, or quoted
    connection.unregister("fresh")


def _cast(column: Column) -> str:
    """A column as its type in the file; what is not a number is not known there."""
    cast = f"cast({column.name} as {column.type})"
    return f"nullif({cast}, cast('nan' as double))" if column.type == "DOUBLE" else cast


def _array(column: Column, values: list[object]) -> np.ndarray:
    """One column as DuckDB reads it: numbers as they are, the rest as text."""
    if column.type in ("DOUBLE", "BIGINT", "BOOLEAN"):
        kinds = {"DOUBLE": np.float64, "BIGINT": np.int64, "BOOLEAN": np.bool_}
        return np.array(values, dtype=kinds[column.type])
    return np.array([None if v is None else _text(v) for v in values], dtype=object)


def _text(value: object) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return str(value)


def rows_of(records: dict[str, Sequence[object]]) -> dict[str, list[tuple[object, ...]]]:
    """Records of each table as rows, columns in the order of the schema."""
    return {
        name: [tuple(c.get(record) for c in TABLES[name].columns) for record in found]
        for name, found in records.items()
    }


# --------------------------------------------------------------------------------- feedback


def read_feedback(path: Path) -> list[Feedback]:
    """What people have said, oldest first; nothing where nobody has spoken yet."""
    with connect(path, read_only=True) as connection:
        if not _has_table(connection, "insights", "feedback"):
            return []
        names = ", ".join(column.name for column in TABLES["feedback"].columns)
        rows = connection.execute(
            f"select {names} from insights.feedback order by given_at"  # noqa: S608 - names from the schema, or quoted
        ).fetchall()
    return [Feedback(*row) for row in rows]


def give_feedback(path: Path, given: list[Feedback]) -> None:
    """Add what somebody said; earlier feedback stays."""
    append(path, "feedback", given)


def append(path: Path, name: str, records: Sequence[object]) -> None:
    """Add records to a table that keeps history; it is made where there is none yet."""
    with changing(path) as connection:
        connection.execute("begin")
        connection.execute("create schema if not exists insights")
        _write(connection, name, rows_of({name: records})[name])
        connection.execute("commit")


def read_history(path: Path, name: str) -> list[dict[str, object]]:
    """All rows of a table that keeps history; none where nothing has been added yet."""
    with connect(path, read_only=True) as connection:
        is_there = _has_table(connection, "insights", name)
    return read_table(path, name) if is_there else []


def tell_anew(path: Path, stories: dict[str, str]) -> None:
    """Put rewritten stories beside the narratives they tell; all others have none."""
    with changing(path) as connection:
        connection.execute("begin")
        connection.execute("update insights.incidents set narrative_rewritten = null")
        for narrative, story in stories.items():
            connection.execute(
                "update insights.incidents set narrative_rewritten = ? where narrative = ?",
                [story, narrative],
            )
        connection.execute("commit")


def carry_over(older: Path, newer: Path) -> None:
    """Add the history that was written to one file since another was copied from it."""
    for name in (name for name, table in TABLES.items() if table.keeps_history):
        known, kept = ([tuple(r.values()) for r in read_history(p, name)] for p in (newer, older))
        missing = [row for row in kept if row not in known]
        if missing:
            with changing(newer) as connection:
                connection.execute("create schema if not exists insights")
                _write(connection, name, missing)


def read_table(path: Path, name: str) -> list[dict[str, object]]:
    """All rows of an insights table, in the order they were written.

    Raises:
        DetectError: no run has finished yet.
    """
    with connect(path, read_only=True) as connection:
        if not _has_table(connection, "insights", name):
            raise DetectError(f"{path}: no finished run yet; run `python -m detect` first")
        columns = [column.name for column in TABLES[name].columns]
        rows = connection.execute(f"select {', '.join(columns)} from insights.{name}").fetchall()  # noqa: S608 - names from the schema, or quoted
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _has_table(connection: Connection, schema: str, name: str) -> bool:
    query = """
        select count(*) from information_schema.tables
        where table_schema = ? and table_name = ?
    """
    row = connection.execute(query, [schema, name]).fetchone()
    return row is not None and row[0] > 0
