"""Read the incidents of a finished file, and the alerts sent about them before."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

from retail.outputs.alerts.records import Alert, Candidates
from retail.reading import (
    SIMULATED,
    has_table,
    read_findings,
    read_kpis,
    read_money,
    read_products,
    read_run,
    read_sent_alerts,
    read_table,
    reading,
)
from retail.reading.series import kpi_periods
from retail.schema import ALL, ForecastRow

WEEKS = f"where grain = 'weekly' and segment = '{ALL}' order by kpi, period_start"


def read(path: Path, today: dt.date) -> Candidates:
    """Read the incidents of the last finished run, with what was said of them up to `today`.

    Raises:
        ReadError: there is no such file, or no run has finished in it yet.
    """
    with reading(path) as connection:
        run = read_run(connection)
        found = read_findings(connection, today)
        has_kpis = has_table(connection, "marts", "dim_kpis")
        return Candidates(
            found.incidents,
            {row.anomaly_id: row for row in found.members},
            read_sent_alerts(connection),
            run.as_of,
            SIMULATED in run.source,
            read_money(connection),
            read_products(connection),
            read_kpis(connection) if has_kpis else {},
            read_table(connection, ForecastRow, "forecasts", WEEKS),
        )


def with_series(path: Path, alert: Alert) -> Alert:
    """Add the series that the picture is drawn from, where the file has it.

    Raises:
        ReadError: the file can't be read any more.
    """
    lead = alert.lead
    if lead is None:
        return alert
    with reading(path) as connection:
        if not has_table(connection, "marts", "dim_kpis"):
            return alert
        kpi = read_kpis(connection)[lead.kpi]
        dimension = lead.dimension or kpi.segment_by
        within = {dimension: lead.segment} if dimension else {}
        series = kpi_periods(connection, kpi.kpi, lead.grain, within)
    return dataclasses.replace(alert, series=series, unit=kpi.unit)
