"""The first page: the newest day in a sentence, what is open, and every KPI in one table."""

from __future__ import annotations

from retail.outputs.dashboard import render
from retail.outputs.report import incidents, kpis, verdict
from retail.reading import Facts, switched_off

OPEN_SHOWN = 8


def page(facts: Facts) -> None:
    """Show the newest day, the open incidents and the KPIs; each leads to its own page."""
    states = kpis.cards(facts)
    newest = verdict.newest_day(facts, states)
    grouped = incidents.cards(facts, newest)
    render.fragment(
        "overview",
        verdict=verdict.verdict(newest, states, grouped),
        open=grouped.open[:OPEN_SHOWN],
        left=max(len(grouped.open) - OPEN_SHOWN, 0),
        kpis=states,
        left_out=switched_off(facts.kpis),
    )
