"""The only module that knows DuckDB here and in the dashboard: short looks at the finished file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from report.errors import LockedError, ReportError, missing
from report.records import (
    Attempt,
    BlindSpot,
    Contribution,
    Coverage,
    Facts,
    Finding,
    Incident,
    Kpi,
    Lines,
    Period,
    Rate,
    Run,
    Shop,
    Source,
    Trend,
    Volume,
)
from warehouse.errors import HeldError, WarehouseError, first_line
from warehouse.opening import open_database, told

PATIENCE_SECONDS = 10.0
DAYS_SHOWN, WEEKS_SHOWN = 396, 104
"""How far back the charts reach: 13 months, and two years."""
Connection = duckdb.DuckDBPyConnection
Row = TypeVar("Row")

RUN = """
    select run_id, finished_at, as_of, source, source_rows, code_version
    from insights.runs
    where status = 'finished'
    order by rowid desc  -- in the order they were written: the clock may have been set back
    limit 1
"""
SHOP = "select home_country, currency, currency_sign from marts.dim_shop"
COVERAGE = """
    select
        min(date_day), max(date_day), max(date_day) filter (is_complete), count(*),
        count(*) filter (is_trading_day),
        (select max(ordered_at) from marts.fct_order_lines)
    from marts.dim_dates
"""
SOURCES = """
    select
        source_file, origin, form, encoding, raw_rows, accepted_rows, duplicate_rows,
        malformed_rows
    from marts.dim_sources
    order by source_file
"""
LINES = """
    select line_type, true, '', count(*), coalesce(sum(amount), 0)
    from marts.fct_order_lines
    group by line_type
    union all
    select reason, false, coalesce(detail, ''), count(*), coalesce(sum(amount), 0)
    from marts.fct_rejected_order_lines
    group by reason, detail
    order by 2 desc, 4 desc, 1, 3
"""
KPIS = """
    select
        kpi, label, description, kpi_group, owner, cadence,
        if(unit = 'currency', unit || ' ' || currency_sign, unit),
        direction, segment_by
    from marts.dim_kpis
    cross join marts.dim_shop
    order by kpi_group, label
"""
PERIODS = f"""
    select
        kpi, segment, grain, period_start, actual, expected, lower, upper, is_tested, why_not
    from insights.expectations
    where period_start > (select max(period_start) from insights.expectations)
        - if(grain = 'daily', {DAYS_SHOWN}, 7 * {WEEKS_SHOWN})
    order by grain, kpi, segment, period_start
"""  # noqa: S608 - names of our own
FINDINGS = """
    select
        anomaly_id, kpi, segment, grain, period_start, actual, expected, lower, upper, direction,
        confidence, severity, methods, incident_id, effect, owner, false
    from insights.anomalies
    union all
    select
        warning_id, kpi, segment, grain, period_start, at_least, expected, null, upper, 'up',
        confidence, severity, methods, incident_id, effect, owner, true
    from insights.early_warnings
    order by 5 desc, 11 desc, 1
"""
CONTRIBUTIONS = """
    select anomaly_id, dimensions, rank, segment, contribution, share_of_change
    from insights.attributions
    where analysis = 'breakdown' and anomaly_id in (select lead_anomaly_id from insights.incidents)
    union all
    select warning_id, dimensions, rank, segment, contribution, share_of_change
    from insights.early_attributions
    where analysis = 'breakdown' and warning_id in (select lead_anomaly_id from insights.incidents)
    order by 1, 2, 3
"""
INCIDENTS = """
    select
        incident_id, period_start, period_end, severity, confidence, headline,
        coalesce(narrative_rewritten, narrative),
        root_cause, lead_anomaly_id, status, is_provisional
    from insights.incidents
    order by period_end desc, confidence desc, incident_id
"""
TRENDS = """
    select kpi, segment, grain, window_start, window_end, direction, change, confidence
    from insights.trends
    order by window_end desc, abs(change) desc, kpi, segment
"""
BLIND_SPOTS = """
    select kpi, grain, period_start, expected, smallest_up, smallest_down
    from insights.blind_spots
    where segment = 'all'
    order by kpi, grain
"""
RATES = """
    select kpi, grain, method, promised, tests, alerts, realised, lower, upper, is_within
    from insights.calibration
    order by kpi, grain, method, promised desc
"""
VOLUME = """
    select date_day, lines, usual_lines, is_unusual
    from marts.fct_daily_volumes
    where is_complete
    order by date_day desc
    limit 1
"""
HAS_ATTEMPTS = """
    select count(*) from information_schema.tables
    where table_schema = 'operations' and table_name = 'runs'
"""
ATTEMPTS = """
    select started_at, status, seconds, error
    from operations.runs
    where step = 'all'
    order by started_at desc, run_id desc
    limit 7
"""
PRODUCTS = "select product, description from marts.dim_products where description is not null"


def read_facts(path: Path, patience: float = PATIENCE_SECONDS) -> Facts:
    """Read everything the report shows, as one moment of the file has it.

    Raises:
        ReportError: as for `reading`, or no run of detection has finished in the file yet.
    """
    with reading(path, patience) as connection:
        return _facts(connection, path)


@contextmanager
def reading(path: Path, patience: float = PATIENCE_SECONDS) -> Iterator[Connection]:
    """Lend the file as one moment has it, for reading; closed at the end, so nobody waits long.

    Args:
        path: the finished DuckDB file.
        patience: seconds to wait while another program writes to it.

    Raises:
        LockedError: it stays locked.
        ReportError: there is no such file, it is no database, or a table is missing.
    """
    if not path.is_file():
        raise missing(path)
    connection = _open(path, patience)
    try:
        connection.execute("begin")
        yield connection
    except duckdb.CatalogException as error:
        raise ReportError(
            f"{path}: {first_line(error)} Run `dbt build` and `python -m detect` again"
        ) from error
    except duckdb.Error as error:
        raise ReportError(told(path, error)) from error
    finally:
        connection.close()


def _open(path: Path, patience: float) -> Connection:
    """Open the file for reading, waiting a little while another program writes to it."""
    try:
        return open_database(path, read_only=True, patience=patience)
    except HeldError as error:
        raise LockedError(str(error)) from error
    except WarehouseError as error:
        raise ReportError(str(error)) from error


def _facts(connection: Connection, path: Path) -> Facts:
    runs = rows_of(connection, Run, RUN)
    if not runs:
        raise ReportError(f"{path}: no finished run yet; run `python -m detect` first")
    return Facts(
        run=runs[0],
        shop=rows_of(connection, Shop, SHOP)[0],
        coverage=rows_of(connection, Coverage, COVERAGE)[0],
        sources=rows_of(connection, Source, SOURCES),
        lines=rows_of(connection, Lines, LINES),
        kpis=rows_of(connection, Kpi, KPIS),
        periods=rows_of(connection, Period, PERIODS),
        findings=rows_of(connection, Finding, FINDINGS),
        contributions=rows_of(connection, Contribution, CONTRIBUTIONS),
        incidents=rows_of(connection, Incident, INCIDENTS),
        trends=rows_of(connection, Trend, TRENDS),
        blind_spots=rows_of(connection, BlindSpot, BLIND_SPOTS),
        rates=rows_of(connection, Rate, RATES),
        products=dict(connection.execute(PRODUCTS).fetchall()),
        volume=next(iter(rows_of(connection, Volume, VOLUME)), None),
        attempts=_attempts(connection),
    )


def _attempts(connection: Connection) -> tuple[Attempt, ...]:
    """Runs of the daily job, the newest first; who builds by hand has none."""
    (count,) = connection.execute(HAS_ATTEMPTS).fetchall()[0]
    return rows_of(connection, Attempt, ATTEMPTS) if count else ()


def rows_of(
    connection: Connection, record: type[Row], query: str, parameters: Sequence[object] = ()
) -> tuple[Row, ...]:
    """Rows of a query whose columns are the record's fields, in order; NaN is None."""
    rows = connection.execute(query, list(parameters)).fetchall()
    return tuple(record(*map(_known, row)) for row in rows)


def _known(value: Any) -> Any:  # noqa: ANN401 - whatever type the column has
    """The value, None for one that is no number."""
    return None if isinstance(value, float) and value != value else value
