"""A KPI: its series with band and marks, its trends, and any period down to its order lines."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from retail import formatting
from retail.outputs.dashboard import (
    address,
    chart,
    comparison,
    order_lines,
    read,
    render,
    table,
    url_state,
)
from retail.outputs.dashboard.cache import Session
from retail.outputs.dashboard.labels import WHOLE, named
from retail.outputs.dashboard.records import DimensionRow, Place, Share
from retail.outputs.dashboard.url_state import UrlState
from retail.outputs.report import kpis, words
from retail.reading import Facts, KpiRow, period_end
from retail.reading.order_lines import Span
from retail.reading.selection import of_series
from retail.reading.shop import PlannedEvent
from retail.schema import ALL, GRAINS, OTHER, AnomalyRow, ForecastRow

Within = tuple[str, str]
"""A dimension and its member; none and all for the whole shop."""
LARGEST = 12
"""Members shown of a dimension; the others are one row."""
MARKS = 6


def page(session: Session, facts: Facts, chosen: UrlState) -> None:
    """The page of a KPI."""
    within, days, against = _controls(session, facts, chosen)
    for sentence in facts.left_out:
        st.caption(sentence)
    periods = session.ask(read.series, chosen.kpi, chosen.grain, *within)
    if not periods:
        st.info("Nothing is known of this series: it has no period yet.")
        return
    span = url_state.span(chosen.span, periods[0].period_start, periods[-1].period_start)
    seen = [p for p in periods if span[0] <= p.period_start <= span[1]]
    found = _found(facts, chosen, within)
    _series(session, chosen, within, facts, periods, seen, found, (days, against))
    _findings(facts, chosen.kpi, [f for f in found if span[0] <= f.period_start <= span[1]])
    trends = of_series(facts.trends, chosen.kpi.kpi, within[1], chosen.grain)
    render.fragment("trends_of", trends=trends[:MARKS], season=words.season, grain=chosen.grain)
    _into(session, facts, chosen, within, periods, seen, found)


# ------------------------------------------------------------------------------- controls


def _controls(session: Session, facts: Facts, chosen: UrlState) -> tuple[Within, Span, Span | None]:
    """The choices: within what, of which days, and compared with which."""
    kpi_at, grain_at, span_at = st.columns([4, 2, 3])
    names = {k.kpi: f"{k.label} · {k.kpi_group}" for k in kpis.switched_on(facts)}
    with kpi_at:
        address.pick(
            st.selectbox, "KPI", list(names), chosen.kpi.kpi, "kpi",
            forget=("grain", "period", "member"), format_func=lambda name: names.get(name, name),
        )  # fmt: skip
    with grain_at:
        address.pick(
            st.segmented_control, "Grain", list(GRAINS), chosen.grain, "grain",
            forget=("period", "member"), format_func=formatting.upper_first,
        )  # fmt: skip
    with span_at:
        days = comparison.pick_span(facts, chosen.span, url_state.SPANS)
    dimension_at, member_at, against_at = st.columns([3, 3, 3])
    with against_at:
        against = comparison.pick_against(facts, days)
    return _within(session, facts, chosen, dimension_at, member_at), days, against


def _within(
    session: Session,
    facts: Facts,
    chosen: UrlState,
    dimension_at: DeltaGenerator,
    member_at: DeltaGenerator,
) -> Within:
    """Any dimension and its member; a KPI of one dimension has no whole, every other starts so."""
    own = chosen.kpi.segment_by
    known = [row.name for row in session.ask(read.dimensions)]
    options = [own] if own else [url_state.WHOLE_SHOP, *known]
    with dimension_at:
        dimension = address.pick(
            st.selectbox, "Within", options,
            url_state.one_of(options, chosen.dimension, options[0]), "dimension",
            forget=("of", "country", "member"),
            format_func=lambda name: formatting.words(name) or "The whole shop",
        )  # fmt: skip
    if not dimension:
        return url_state.WHOLE_SHOP, ALL
    members = list(session.ask(read.members, dimension))
    default = _largest(facts, chosen.kpi, members)
    with member_at:
        member = address.pick(
            st.selectbox, formatting.upper_first(formatting.words(dimension)), members,
            url_state.one_of(members, chosen.member, default), "of", forget=("member",),
            format_func=lambda name: named(name, dimension, facts),
        )  # fmt: skip
    return dimension, member


def _largest(facts: Facts, kpi: KpiRow, options: Sequence[str]) -> str:
    sizes: dict[str, float] = {}
    for period in facts.periods:
        if period.kpi == kpi.kpi:
            sizes[period.segment] = sizes.get(period.segment, 0.0) + (period.actual or 0.0)
    known = [name for name in options if name in sizes]
    return max(known, key=sizes.__getitem__, default=options[0] if options else ALL)


# --------------------------------------------------------------------------------- series


def _found(facts: Facts, chosen: UrlState, within: Within) -> list[AnomalyRow]:
    key = (chosen.kpi.kpi, *within, chosen.grain)
    return [f for f in facts.findings if (f.kpi, f.dimension or "", f.segment, f.grain) == key]


def _series(
    session: Session,
    chosen: UrlState,
    within: Within,
    facts: Facts,
    periods: Sequence[ForecastRow],
    seen: Sequence[ForecastRow],
    found: Sequence[AnomalyRow],
    days: tuple[Span, Span | None],
) -> None:
    kpi, (dimension, member), (span, against) = chosen.kpi, within, days
    key = (kpi.kpi, member, chosen.grain)
    limits = (r for r in facts.detection_limits if (r.kpi, r.segment, r.grain) == key)
    render.fragment(
        "series",
        kpi=kpi,
        member=named(member, dimension, facts) if dimension else "",
        wish=words.DIRECTIONS[kpi.direction],
        state=kpis.state(kpi, periods, found, kpis.held(periods), next(limits, None)),
        is_measured=bool(dimension) and kpi.segment_by != dimension,
    )
    segment = {dimension: member} if dimension else {}
    over = comparison.figures(session, facts, kpi, span, against, segment)
    render.fragment("figures", f=over)
    theme = st.context.theme.type or "light"
    before = _before(periods, span, against)
    drawn = chart.of_series(kpi, seen, found, theme, _events(facts, within), before)
    if drawn is None:
        st.info("There is nothing to draw: fewer than two periods with business.")
        return

    chart_key = f"chart_{span}"  # of other days another chart: what was dragged is done with
    st.altair_chart(
        drawn, key=chart_key, on_select=lambda: _chosen_in_chart(chart_key),
        selection_mode=[chart.CLICKED, chart.DRAGGED],
        alt=f"{kpi.label}, {chosen.grain}: {_spoken(kpi, chosen.grain, seen, found)}",
    )  # fmt: skip
    render.hide_selection()
    render.fragment("legend", is_compared=bool(before), has_events=bool(facts.events))
    table.download(
        "Download the series",
        f"{kpi.kpi} {chosen.grain} {member}",
        ("period_start", "actual", "expected", "lower", "upper"),
        lambda: [(p.period_start, p.actual, p.expected, p.lower, p.upper) for p in seen],
    )
    if against:
        comparison.section(session, facts, kpi, span, against, segment)


def _chosen_in_chart(key: str) -> None:
    """A dragged span becomes the period; a mark opens its incident, another point its day."""
    picked = st.session_state[key]["selection"]
    dragged = picked.get(chart.DRAGGED) or {}
    clicked = picked.get(chart.CLICKED) or []
    if days := next(iter(dragged.values()), None):
        ends = [dt.datetime.fromtimestamp(ms / 1000, dt.UTC).date() for ms in (days[0], days[-1])]
        if ends[0] < ends[1]:
            address.go(span="..".join(end.isoformat() for end in ends))
    elif clicked and clicked[0]["incident"]:
        address.go(view=url_state.INCIDENTS, incident=str(clicked[0]["incident"]), member=None)
    elif clicked:
        address.go(period=str(clicked[0]["start"]), member=None)


def _before(
    periods: Sequence[ForecastRow], span: Span, against: Span | None
) -> dict[dt.date, ForecastRow]:
    """The period that each is compared with: as far from the one span as from the other."""
    if against is None:
        return {}
    days = (span.first - against.first).days
    step = 7 if periods[0].grain == "weekly" else 1
    back = dt.timedelta(days=step * round(days / step))
    known = {p.period_start: p for p in periods if p.actual is not None and kpis.is_over(p)}
    return {
        p.period_start: known[p.period_start - back]
        for p in periods
        if p.period_start - back in known
    }


def _events(facts: Facts, within: Within) -> list[PlannedEvent]:
    """What was planned for the whole shop, or for the member."""
    whole = (None, within[0] or None)
    return [e for e in facts.events if e.dimension in whole and e.member in (None, within[1])]


def _spoken(
    kpi: KpiRow, grain: str, seen: Sequence[ForecastRow], found: Sequence[AnomalyRow]
) -> str:
    starts = {p.period_start for p in seen}
    marked = [f for f in found if f.period_start in starts]
    return kpis.described(kpi, "weekly" if grain == "weekly" else "daily", seen, marked)


def _findings(facts: Facts, kpi: KpiRow, found: Sequence[AnomalyRow]) -> None:
    """A button for each mark, the newest first."""
    headlines = {i.incident_id: i.headline for i in facts.incidents}
    render.fragment("marks", count=len(found), shown=min(len(found), MARKS))
    with st.container(horizontal=True):
        for finding in sorted(found, key=lambda f: f.period_start, reverse=True)[:MARKS]:
            _mark(kpi, finding, headlines.get(finding.incident_id, ""))


def _mark(kpi: KpiRow, finding: AnomalyRow, headline: str) -> None:
    """The way to the incident of a finding."""
    when = formatting.upper_first(formatting.period(finding.period_start, finding.grain))
    moved = formatting.change(finding.actual, finding.expected, kpi.unit)
    st.button(
        render.plain(f"{when}{' so far' if finding.is_early else ''}: {moved} · open the incident"),
        key=f"open_{finding.anomaly_id}",
        help=render.plain(headline),
        on_click=address.go,
        kwargs={"view": url_state.INCIDENTS, "incident": finding.incident_id, "member": None},
    )


# ----------------------------------------------------------------------------- one period


def _into(
    session: Session,
    facts: Facts,
    chosen: UrlState,
    within: Within,
    periods: Sequence[ForecastRow],
    seen: Sequence[ForecastRow],
    found: Sequence[AnomalyRow],
) -> None:
    """One period: the KPI within each member of a dimension, and the order lines of one."""
    render.fragment("into")
    when_at, by_at, member_at = st.columns(3)
    with when_at:
        period = _period(chosen, periods, seen)
    if period is None:
        return
    with by_at:
        by = _dimension(session.ask(read.dimensions), within[0])
    fixed = (within,) if within[0] else ()
    last = period_end(period.period_start, chosen.grain)
    place = Place(period.period_start, last, fixed)
    shares = session.ask(read.shares, chosen.kpi, chosen.grain, place, by)
    with member_at:
        member = _member(shares, by, facts)
    finding = next((f for f in found if f.period_start == period.period_start), None)
    _shares(facts, chosen.kpi, by, shares, chart.remark(period, finding, chosen.kpi.unit))
    if member != WHOLE:
        listed = tuple(share.member for share in shares[:LARGEST])
        place = Place(place.first, place.last, (*fixed, (by, member)), listed)
    parts = [named(within[1], within[0], facts)] if within[0] else []
    parts += [] if member == WHOLE else [named(member, by, facts)]
    title = formatting.period(period.period_start, chosen.grain)
    order_lines.section(session, place, ", ".join([title, *parts]), facts.shop.money)


def _period(
    chosen: UrlState, periods: Sequence[ForecastRow], seen: Sequence[ForecastRow]
) -> ForecastRow | None:
    """The period that is looked into: any that the address names, else the latest that is seen."""
    known = {p.period_start.isoformat(): p for p in periods if p.actual is not None}
    wanted = address.given("period")
    period = url_state.period(wanted, list(known.values()) if wanted in known else seen)
    if period is None:
        return None
    start = period.period_start.isoformat()
    options = [p.period_start.isoformat() for p in seen if p.actual is not None][::-1]
    address.pick(
        st.selectbox, formatting.upper_first(words.PERIODS[chosen.grain]),
        options if start in options else [start, *options], start, "period", forget=("member",),
        format_func=lambda text: formatting.period(dt.date.fromisoformat(text), chosen.grain),
    )  # fmt: skip
    return period


def _dimension(known: Sequence[DimensionRow], within: str) -> str:
    """What a period is broken down by; within a member, its dimension says nothing."""
    dimensions = [d.name for d in known if not within or within not in (d.name, d.coarser_than)]
    return address.pick(
        st.selectbox, "Broken down by", dimensions,
        url_state.one_of(dimensions, address.given("by"), dimensions[0]), "by",
        forget=("member",), format_func=formatting.words,
    )  # fmt: skip


def _member(shares: Sequence[Share], by: str, facts: Facts) -> str:
    """Whose order lines are wanted: everybody's, one member's, or those of all smaller ones."""
    names = [WHOLE, *(share.member for share in shares[:LARGEST])]
    names += [OTHER] if len(shares) > LARGEST else []
    return address.pick(
        st.selectbox, "Order lines of", names,
        url_state.one_of(names, address.given("member"), WHOLE), "member",
        format_func=lambda name: named(name, by, facts),
    )  # fmt: skip


def _shares(facts: Facts, kpi: KpiRow, by: str, shares: Sequence[Share], remark: str) -> None:
    """The KPI within the largest members, and what was found in the period."""
    render.fragment(
        "shares",
        by=formatting.words(by),
        rows=[
            (named(share.member, by, facts), formatting.amount(share.value, kpi.unit))
            for share in shares[:LARGEST]
        ],
        others=len(shares) - LARGEST,
        label=kpi.label,
        remark=remark,
    )
    table.download(
        "Download this table",
        f"{kpi.kpi} by {by}",
        (by, kpi.kpi),
        lambda: [(share.member, share.value) for share in shares],
    )
