"""The first page: the newest day in a sentence, what is open, and every KPI in one table."""

from __future__ import annotations

import streamlit as st

from retail.outputs.dashboard import address, comparison, render, url_state
from retail.outputs.dashboard.cache import Session
from retail.outputs.report import incidents, kpis, verdict
from retail.reading import Facts
from retail.reading.selection import need_attention

NAMES = {url_state.NEWEST: "the newest day or week"} | url_state.SPANS


def page(session: Session, facts: Facts) -> None:
    """Show the newest day, the open incidents and the KPIs; each leads to its own page."""
    states = kpis.cards(facts)
    newest = verdict.newest_day(facts, states)
    grouped = incidents.cards(facts, newest)
    first = need_attention(facts.incidents, facts.run.as_of)
    shown = [c for c in grouped.open if c.incident in first or c in grouped.day.open]
    render.fragment(
        "overview",
        verdict=verdict.verdict(newest, states, grouped),
        open=shown,
        left=len(grouped.open) - len(shown),
    )
    _kpis(session, facts, states)
    for sentence in facts.left_out:
        st.caption(render.plain(sentence))


def _kpis(session: Session, facts: Facts, states: tuple[kpis.KpiCard, ...]) -> None:
    """Every KPI in its latest period, or over the days that are asked for."""
    render.fragment("kpis")
    text = address.given("span") or url_state.NEWEST
    span_at, against_at, _ = st.columns([3, 3, 3])
    with span_at:
        span = comparison.pick_span(facts, text, NAMES)
    if text == url_state.NEWEST:
        render.fragment("states", kpis=states)
        return
    with against_at:
        against = comparison.pick_against(facts, span)
    found = comparison.every(session, facts, span, against)
    render.fragment("spans", figures=found, span=text, against=address.given("against") or "")
