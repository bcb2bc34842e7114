"""Settled figures that a run published anew, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from retail.formatting import amount, count, day, lower_first
from retail.reading.file import Connection, read_table
from retail.reading.shop import KpiRow, read_kpis, read_money
from retail.schema import GRAINS, RevisedLineRow, RevisionRow, RunRow

TOLD_FOR = dt.timedelta(days=7)
"""How long a run's revisions are shown, so that a missed morning misses none."""
VERBS = {
    "added": "came",
    "removed": "went",
    "changed": "changed",
    "reclassified": "counted otherwise",
}
"""What an order line did, in the order of the sentence."""
LAST = """
    where run_id = (select run_id from insights.revisions order by rowid desc limit 1)
    order by
        grain, segment != 'all',
        abs(coalesce(value_after, 0) - coalesce(value_before, 0)) desc, period_start
"""
LINES = """
    where run_id = ?
    order by
        revision = 'reclassified',
        abs(coalesce(amount_after, 0) - coalesce(amount_before, 0)) desc, order_date,
        source_file, source_row
"""


def read_revised(connection: Connection) -> tuple[str, ...]:
    """Read what the runs of the last week did to settled days, as one sentence or none."""
    revised = read_table(connection, RevisionRow, "revisions", LAST)
    if not revised:
        return ()
    kpis = read_kpis(connection)
    runs = {row.run_id: row for row in read_table(connection, RunRow, "runs", "order by rowid")}
    figures = [row for row in revised if row.kpi in kpis and row.run_id in runs]
    if not figures:
        return ()
    run, newest = runs[figures[0].run_id], list(runs.values())[-1]
    if newest.finished_at - run.finished_at > TOLD_FOR:
        return ()
    lines = read_table(connection, RevisedLineRow, "revised_lines", LINES, [run.run_id])
    when = day(run.finished_at.date(), full=True)
    return (f"{_figures(figures, kpis, when)} {_lines(lines, read_money(connection))}",)


def _figures(rows: Sequence[RevisionRow], kpis: Mapping[str, KpiRow], when: str) -> str:
    """How many days changed, and the figure of the first KPI that did, where it did most."""
    places = list(kpis)
    first = min(rows, key=lambda row: (GRAINS.index(row.grain), places.index(row.kpi)))
    kpi = kpis[first.kpi]
    periods = {row.period_start for row in rows if row.grain == first.grain}
    settled = count(len(periods), f"settled {'day' if first.grain == GRAINS[0] else 'week'}")
    now, before = (amount(value, kpi.unit) for value in (first.value_after, first.value_before))
    return (
        f"Figures of {settled} changed with the run of {when}: "
        f"{lower_first(kpi.label)} of {day(first.period_start, full=True)} is {now}, was {before}."
    )


def _lines(lines: Sequence[RevisedLineRow], money: str) -> str:
    """How many order lines did it, and the one that did most."""
    if not lines:
        return "No order line is known to have done it: settings or code may have."
    revisions = [line.revision for line in lines]
    did = [
        f"{count(revisions.count(revision), 'order line')} {verb}"
        for revision, verb in VERBS.items()
        if revision in revisions
    ]
    largest = lines[0]
    moved = amount((largest.amount_after or 0) - (largest.amount_before or 0), money, signed=True)
    return (
        f"{', '.join(did)}; the largest ({moved}) is of order {largest.invoice_no}, "
        f"{largest.source_file} row {largest.source_row}."
    )
