"""Read definitions, calendar and series: all that a run starts from."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from detect.errors import DetectError
from detect.records import (
    ALL,
    CURRENCY,
    GRAINS,
    KPI_COLUMNS,
    MOST_SERIES,
    PERIOD_DAYS,
    Dates,
    Days,
    Event,
    Grain,
    Inputs,
    Kpi,
    Panel,
    Series,
    Source,
)
from retail.jobs.detection.store.connection import Connection, connect
from retail.reading import SIMULATED, has_table, read_shop
from retail.reading.file import plain
from retail.reading.measures import read_dimensions
from retail.reading.shop import read_events
from retail.storage.quoting import identifier

_log = logging.getLogger(__name__)
LARGEST = f"""
    create or replace temporary table largest as
    with months as (
        select
            kpi,
            segment,
            date_trunc('month', period_start) as month,
            sum(abs(numerator)) as amount,
            min(period_start) filter (numerator <> 0) as first
        from facts
        group by all
    ),
    so_far as (
        select
            *,
            coalesce(sum(amount) over earlier, 0) as before,
            min(first) over (partition by kpi, segment) as came
        from months
        window earlier as (
            partition by kpi, segment order by month
            rows between unbounded preceding and 1 preceding
        )
    )
    select kpi, segment, month
    from so_far
    qualify row_number() over (
        partition by kpi, month order by before desc, came nulls last, segment
    ) <= {MOST_SERIES}
"""  # noqa: S608 - a number of our own
"""The segments of each KPI that are judged in a month: the largest by the months before it, then
those that came first. Which they are does not depend on what comes after."""


def read_inputs(path: Path, as_of: dt.date | None) -> Inputs:
    """Read definitions, calendar and series; nothing after `as_of` is looked at."""
    with connect(path, read_only=True) as connection:
        _require(connection, path)
        dates = read_dates(connection, as_of, path)
        kpis = _kpis(connection, dates)
        panels = {grain: read_panel(connection, grain, kpis, dates) for grain in GRAINS}
        complete = dates.day[dates.is_complete]
        newest = (complete[-1] if complete.size else dates.day[-1]).astype(dt.date)
        last = min(as_of, dates.day[-1].astype(dt.date)) if as_of else newest
        grows = _accumulating(connection, kpis, dates)
        series = {grain: len(panel.series) for grain, panel in panels.items()}
        _log.debug("looking at %d KPIs up to %s, series: %s", len(kpis), last, series)
        return Inputs(
            kpis, dates, panels, _source(connection), grows, last, _events(connection),
            read_typical(connection, panels["daily"]),
        )  # fmt: skip


def _require(connection: Connection, path: Path) -> None:
    dimensions = ("kpis", "dates", "dimensions", "shop", "sources")
    wanted = {f"dim_{what}" for what in dimensions} | {
        f"fct_{what}_{grain}" for what in ("kpis", "segments") for grain in GRAINS
    }
    query = "select table_name from information_schema.tables where table_schema = 'marts'"
    missing = wanted - {name for (name,) in connection.execute(query).fetchall()}
    if missing:
        raise DetectError(
            f"{path}: no table marts.{min(missing)}; run `dbt build` first, or give --db"
        )


def _kpis(connection: Connection, dates: Dates) -> tuple[Kpi, ...]:
    """The KPIs whose needs the source had met by the last day."""
    fields = [name for name in Kpi.__dataclass_fields__ if name not in ("name", "money")]
    rows = connection.execute(
        f"""
        select kpi, {", ".join(KPI_COLUMNS.get(name, name) for name in fields)}
        from marts.dim_kpis
        where need is null or available_since <= ?
        order by kpi
        """,  # noqa: S608 - names from the schema, or quoted
        [dates.day[-1].astype(dt.date)],
    ).fetchall()
    money = read_shop(connection).money
    kpis = (
        Kpi(name, **dict(zip(fields, map(plain, values), strict=True)), money=money)
        for name, *values in rows
    )
    return tuple(replace(k, unit=money) if k.unit == CURRENCY else k for k in kpis)


def read_dates(connection: Connection, as_of: dt.date | None, path: Path) -> Dates:
    """Read the calendar up to a day; `path` is named where there is none."""
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
    """Holidays of the calendar, and later ones of the shop's country."""
    query = "select date_day from marts.dim_dates where holiday is not null"
    if has_table(connection, "marts", "dim_holidays"):
        query += " union select date_day from marts.dim_holidays"
    rows = connection.execute(query).fetchall()
    return np.array(sorted(day for (day,) in rows), dtype="datetime64[D]")


def read_panel(connection: Connection, grain: Grain, kpis: tuple[Kpi, ...], dates: Dates) -> Panel:
    """Read all series of a grain, of periods whose data end no later than the calendar does."""
    step = PERIOD_DAYS[grain]
    last_data = connection.execute("select max(date_day) from marts.dim_dates").fetchone()
    assert last_data is not None
    connection.execute(
        f"""
        create or replace temporary table facts as
        select facts.*
        from marts.fct_kpis_{grain} as facts
        inner join marts.dim_kpis as kpis on facts.kpi = kpis.kpi
        where
            least(facts.period_start + {step - 1}, cast(? as date)) <= ?
            and list_contains(?::varchar[], facts.kpi)
            and facts.period_start + {step - 1}
                >= coalesce(kpis.available_since, facts.period_start)
        """,  # noqa: S608 - names from the schema, or quoted
        [last_data[0], dates.day[-1].astype(dt.date), [kpi.name for kpi in kpis]],
    )
    connection.execute(LARGEST)
    names = connection.execute(
        "select distinct kpi, segment from largest order by kpi, segment"
    ).fetchall()
    columns = connection.execute(
        """
        with series as (
            select kpi, segment, row_number() over (order by kpi, segment) - 1 as place
            from (select distinct kpi, segment from largest)
        )
        select
            series.place,
            facts.period_start,
            cast(facts.value as double) as value,
            cast(facts.numerator as double) as numerator,
            cast(facts.denominator as double) as denominator,
            facts.is_complete,
            facts.is_warm_up,
            largest.month is null as is_small
        from facts
        inner join series on facts.kpi = series.kpi and facts.segment = series.segment
        left join largest
            on
                facts.kpi = largest.kpi
                and facts.segment = largest.segment
                and date_trunc('month', facts.period_start) = largest.month
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
        is_small=fill("is_small", False),
    )


def read_typical(connection: Connection, panel: Panel) -> Panel | None:
    """Read what the typical order shows beside daily KPIs; None where that is nothing."""
    if not has_table(connection, "marts", "fct_typical_orders_daily"):
        return None
    rows = connection.execute(
        "select kpi, label, unit, scale, period_start, value from marts.fct_typical_orders_daily"
    ).fetchall()
    place = {s.kpi.name: row for row, s in enumerate(panel.series) if s.segment == ALL}
    value = np.full(panel.value.shape, np.nan)
    shown: dict[int, Kpi] = {}
    for name, label, unit, scale, day, amount in rows:
        column = (np.datetime64(day) - panel.period[0]).astype(int) if panel.period.size else -1
        if name in place and 0 <= column < panel.period.size and amount is not None:
            row = place[name]
            kpi = panel.series[row].kpi
            shown[row] = typical_kpi(kpi, label, unit, scale)
            value[row, column] = amount
    kept = sorted(shown)
    if not kept:
        return None
    return replace(
        panel.of_rows(np.array(kept)),
        series=tuple(Series(shown[row], ALL) for row in kept),
        value=value[kept],
        numerator=value[kept],
        denominator=np.full((len(kept), panel.period.size), np.nan),
    )


def typical_kpi(kpi: Kpi, label: str, unit: str, scale: str) -> Kpi:
    """A KPI's definition for what the typical order shows beside it."""
    # The KPI's own limit was chosen for figures of its kind; a share beside it is none.
    limit = kpi.level_shift_threshold if unit == kpi.unit else Kpi.level_shift_threshold
    return replace(kpi, label=label, unit=unit, scale=scale, level_shift_threshold=limit)


def _accumulating(connection: Connection, kpis: tuple[Kpi, ...], dates: Dates) -> frozenset[str]:
    """Measures without a negative part anywhere: they can only grow within a period."""
    names = sorted({m for kpi in kpis for m in (kpi.numerator, kpi.denominator) if m})
    lowest = connection.execute(
        f"""
        select {", ".join(f"min({identifier(name)})" for name in names)}
        from marts.fct_segments_daily
        where period_start <= ?
        """,  # noqa: S608 - names from the schema, or quoted
        [dates.day[-1].astype(dt.date)],
    ).fetchone()
    pairs = zip(names, lowest or [None] * len(names), strict=True)
    return frozenset(name for name, low in pairs if low is not None and low >= 0)


def _events(connection: Connection) -> tuple[Event, ...]:
    """Planned events of seeds/events.csv, each about the whole shop or about a member."""
    events = read_events(connection)
    known = [dimension.name for dimension in read_dimensions(connection)]
    for row in events:
        has_one = (row.dimension is None) != (row.member is None)
        if has_one or (row.dimension and row.dimension not in known):
            raise DetectError(
                f"seeds/events.csv: {row.event!r} on {row.starts_on} is about "
                f"{row.dimension or 'no dimension'}, {row.member or 'no member'}; "
                f"leave both empty, or use one of {', '.join(known)}"
            )
    return tuple(
        Event(
            row.event,
            row.starts_on,
            row.ends_on,
            {row.dimension: row.member} if row.dimension and row.member else {},
            row.has_effect,
        )
        for row in events
    )


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
