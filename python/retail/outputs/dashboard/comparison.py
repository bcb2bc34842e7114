"""Free dates and what they are compared with: values that follow them, and why they differ."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import streamlit as st

from retail import formatting
from retail.errors import RetailError
from retail.outputs import why as shown
from retail.outputs.dashboard import address, read, render, table, url_state
from retail.outputs.dashboard.cache import Session
from retail.outputs.dashboard.labels import named
from retail.outputs.dashboard.records import Figures
from retail.outputs.report.kpis import switched_on
from retail.reading import Facts, KpiRow
from retail.reading.order_lines import Span
from retail.reading.why import Answer, Question

YES = "yes"
HEAD = ("Part", "Period", "Against", "Adds", "Share")


def pick_span(facts: Facts, text: str, names: Mapping[str, str]) -> Span:
    """Choose a span of the data by its name, or by its first and last day."""
    data = whole(facts)
    _pick("Period", "span", text, names, url_state.span(text, data.first, data.last), data)
    return Span(*url_state.span(text, data.first, data.last))


def pick_against(facts: Facts, span: Span) -> Span | None:
    """Choose what a span is compared with; None for nothing."""
    text = address.given("against") or url_state.NOTHING
    against = url_state.against(text, span)
    before = url_state.against(url_state.BEFORE, span) or span
    own = against or before
    _pick("Compared with", "against", text, url_state.AGAINST, (own.first, own.last), whole(facts))
    return against


def whole(facts: Facts) -> Span:
    """From the first day to the last that is over and was looked at."""
    last = min(facts.coverage.last_complete_day or facts.coverage.last_day, facts.run.as_of)
    return Span(facts.coverage.first_day, max(last, facts.coverage.first_day))


def _pick(
    label: str,
    name: str,
    text: str,
    names: Mapping[str, str],
    current: tuple[dt.date, dt.date],
    data: Span,
) -> None:
    """A list of spans by name, with two dates under it where they are one's own."""
    is_own = ".." in text or (text.isdecimal() and text not in names)
    options = [*names, url_state.OWN_SPAN]
    key, own_key = f"pick_{name}", f"own_{name}"

    def keep() -> None:
        chosen = st.session_state[key]
        own = "..".join(day.isoformat() for day in current)
        address.go(**{name: own if chosen == url_state.OWN_SPAN else chosen})

    def keep_dates() -> None:
        dates = st.session_state[own_key]
        if len(dates) == 2:
            address.go(**{name: "..".join(day.isoformat() for day in dates)})

    st.session_state[key] = (
        url_state.OWN_SPAN if is_own else url_state.one_of(options, text, options[0])
    )
    st.selectbox(
        label, options, key=key, on_change=keep,
        format_func=lambda option: names.get(option, "own dates"),
    )  # fmt: skip
    if is_own:
        st.session_state[own_key] = tuple(min(max(d, data.first), data.last) for d in current)
        st.date_input(
            f"{label}: from and to", key=own_key, on_change=keep_dates,
            min_value=data.first, max_value=data.last,
        )  # fmt: skip


# ------------------------------------------------------------------------------- figures


def figures(
    session: Session,
    facts: Facts,
    kpi: KpiRow,
    span: Span,
    against: Span | None,
    within: Mapping[str, str],
) -> Figures:
    """A KPI over a span, and over the other where the data have all of it, as people write them."""
    spans = (span, *([against] if against else []))
    values = session.ask(read.values, spans, tuple(within.items()))[kpi.kpi]
    data = facts.coverage
    is_covered = against is None or data.first_day <= against.first <= against.last <= data.last_day
    value, other = values[0], values[-1] if against and is_covered else None
    has_both = value is not None and other is not None
    return Figures(
        kpi=kpi,
        days=formatting.span(span.first, span.last),
        value=formatting.amount(value, kpi.unit),
        against=formatting.span(against.first, against.last) if against else "",
        value_against=formatting.amount(other, kpi.unit),
        change=formatting.change(value or 0.0, other or 0.0, kpi.unit) if has_both else "",
        note=""
        if is_covered
        else f"The data are of {formatting.span(data.first_day, data.last_day)}: "
        "not of all days to compare with.",
    )


def every(session: Session, facts: Facts, span: Span, against: Span | None) -> list[Figures]:
    """All KPIs over a span; not those that have a series per member."""
    return [
        figures(session, facts, kpi, span, against, {})
        for kpi in switched_on(facts)
        if not kpi.segment_by
    ]


# ----------------------------------------------------------------------------------- why


def section(
    session: Session,
    facts: Facts,
    kpi: KpiRow,
    span: Span,
    against: Span,
    within: Mapping[str, str],
) -> None:
    """On demand why a KPI over a span differs from what it is compared with."""

    def keep() -> None:
        address.go(why=YES if st.session_state["pick_why"] else None)

    st.session_state["pick_why"] = address.given("why") == YES
    if not st.toggle("Why do they differ?", key="pick_why", on_change=keep):
        return
    try:
        answer = session.ask(read.why, Question(kpi.kpi, span, against, dict(within)))
    except RetailError as error:
        st.info(render.plain(formatting.upper_first(f"{error}.")))
        return
    _why(facts, answer)


def _why(facts: Facts, answer: Answer) -> None:
    """What to know of the two periods, what explains it best, the factors, and every part."""
    found = answer.comparison
    is_broad = not found.causes and not found.is_small
    small = found.is_small and not found.causes
    render.fragment("why", notes=list(shown.notes(answer)), is_small=small, is_broad=is_broad)
    for title, named_rows in (
        ("Explained best by", shown.cause_rows(answer)),
        (shown.factors_title(answer), shown.factor_rows(answer)),
    ):
        if named_rows:
            table.show(title, HEAD, [(name, *cells) for name, cells in named_rows])
    names = list(dict.fromkeys(row.dimension for row in found.contributions))
    if names:
        by = address.pick(
            st.selectbox, "One dimension at a time", names,
            url_state.one_of(names, address.given("part"), names[0]), "part",
            format_func=formatting.words,
        )  # fmt: skip
        _parts(facts, answer, by)


def _parts(facts: Facts, answer: Answer, by: str) -> None:
    """What each member of a dimension adds; all of them add up to the change."""
    rows = [row for row in answer.comparison.contributions if row.dimension == by]
    title = f"{answer.kpi.label} by {formatting.words(by)}"
    told = [(named(row.member, by, facts), *shown.member_row(answer, row)) for row in rows]
    table.show(title, HEAD, told)
    table.download(
        "Download these parts",
        f"{title} {answer.period.span} against {answer.against.span}",
        (by, "period", "against", "adds"),
        lambda: [(row.member, row.actual, row.expected, row.contribution) for row in rows],
    )
