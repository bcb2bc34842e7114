"""What a story may say of what else moved, of the end, and of incidents before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from retail import formatting as shown
from retail.feedback.status import STATUS
from retail.reading.file import has_table
from retail.reading.proof import asking
from retail.reading.proof.asking import Asker
from retail.reading.proof.forms import Fact, Form, form, list_form, listed
from retail.storage.quoting import literal

OPEN = "select 1 from insights.incidents where incident_id = {} and recovered_on is null"
"""SQL: whether an incident goes on."""
LATE = """
    with days as (
        select period_start, adjusted, shift_start from insights.forecasts
        where kpi = {kpi} and segment = 'all' and grain = '{grain}' and is_tested
            and adjusted is not null
    ),
    stayed as (select max(period_start) as last from days where shift_start = date '{first}'),
    before as (
        select median(adjusted) as level from (
            from days where period_start < date '{first}' order by period_start desc limit 20
        )
    ),
    during as (
        select median(adjusted) as level from days, stayed
        where period_start between date '{first}' and last
    ),
    after as (
        select
            period_start,
            median(adjusted) over latest as level,
            count(*) over latest as days
        from days, stayed
        where period_start > last
        window latest as (order by period_start rows 19 preceding)
    )
    select min(period_start) from after, before, during
    where days = 20 and abs(after.level - before.level) < abs(after.level - during.level)
"""
"""SQL: the day by which a level that stayed was nearer to that before it: each of twenty days."""
Totals = Sequence[tuple[str, dict[str, Fact | None]]]
"""What an incident came to: the end of a sentence, and its facts."""


def events(ask: Asker) -> Iterator[Form]:
    """What was planned, and what was cancelled later."""
    money = partial(shown.amount, unit=ask.money)
    yield from form("Of what was sold then, {back} more than usual was cancelled later.",
                    back=ask.incident("impact_returned", money))  # fmt: skip
    name = ask.story.incident_id
    query = f"""
        select event, starts_on, ends_on from seeds.events, insights.incidents
        where incident_id = {literal(name)} and contains(events, event)
    """  # noqa: S608 - quoted
    rows = ask.rows(query) if has_table(ask.answers.connection, "seeds", "events") else []
    items = [
        Fact(f"{event} ({shown.span(first, last, full=True)})", "seeds.events", event, query)
        for event, first, last in rows
    ]
    if items:
        yield list_form("Planned for these days: ", items)


def typical(ask: Asker) -> Iterator[Form]:
    """What the typical order shows beside one of the findings: what came is asked of the marts."""
    name = ask.story.incident_id
    query = f"""
        select found.kpi, period_start, typical_unit, typical_label from insights.anomalies as found
        where incident_id = {literal(name)} and typical_label is not null
    """  # noqa: S608 - quoted
    for kpi, day, unit, label in ask.rows(query):
        show = partial(shown.amount, unit=unit)
        at = f"kpi = {literal(kpi)} and period_start = date '{day}'"
        came = ask.fact(
            f"select value from marts.fct_typical_orders_daily where {at}",  # noqa: S608 - quoted
            show, "marts.fct_typical_orders_daily", kpi,
        )  # fmt: skip
        usual = ask.fact(
            f"select typical_expected from insights.anomalies where incident_id = {literal(name)} "  # noqa: S608 - quoted
            f"and segment = 'all' and {at}",
            show, "insights.anomalies", name,
        )  # fmt: skip
        yield from form(f"{label}: {{came}}, where {{usual}} was expected.", came=came, usual=usual)


def ends(ask: Asker) -> Iterator[Form]:
    """How sure it is, and that it is over."""
    for condition, words in (
        (">= 0.9", "This is hardly chance ({sure} sure)."),
        ("between 0.75 and 0.9", "This is probably not chance ({sure} sure)."),
        ("< 0.75", "This may still be chance ({sure} sure that it is not)."),
    ):
        sure = ask.incident(f"if(confidence {condition}, confidence, null)", shown.percent)
        yield from form(words, sure=sure)
    until = ask.incident("recovered_on", partial(shown.day, full=True))
    totals = list(_totals(ask))
    back = "It is over: back in the usual range by {until}"
    yield from form(f"{back}.", until=until)
    yield from _of_gone(ask, until, totals)
    for came, facts in totals:
        yield from form(f"{back}{came}.", lead_in="", until=until, **facts)
    if until is None:
        yield from _since(ask)
    if ask.rows(OPEN.format(literal(ask.story.incident_id))):
        yield from _waiting(ask)
    one = ask.story
    if one.shift_start is not None:
        query = f"""
            select max(period_start) from insights.forecasts
            where kpi = {literal(one.kpi)} and segment = 'all' and grain = '{one.grain}'
                and is_tested and shift_start = date '{one.shift_start}'
        """  # noqa: S608 - quoted
        after = ask.fact(query, partial(shown.day, full=True), "insights.forecasts", one.kpi)
        stayed = "It has not come back: after {after} the new level is what is expected"
        late = ask.fact(
            LATE.format(kpi=literal(one.kpi), grain=one.grain, first=one.shift_start),
            partial(shown.day, full=True), "insights.forecasts", one.kpi,
        )  # fmt: skip
        if late is not None:
            stayed = (
                "It lasted: after {after} the new level was what is expected; by {late} it was "
            )
            stayed += "back near the level before"
        for came, facts in totals:
            yield from form(
                f"{stayed}{came}.", lead_in="", after=until and after, late=late, **facts
            )


def _of_gone(ask: Asker, until: Fact | None, totals: Totals) -> Iterator[Form]:
    """How an incident of members that were gone ended, or how far it is."""
    query, (number, again, so_far) = ask.all_gone()
    if not number:
        return

    def told(figure: object) -> Fact:
        return Fact(str(figure), "marts.fct_kpi_lines", ask.story.incident_id, query)

    facts = {"until": until, "number": told(number), "again": told(again), "so_far": told(so_far)}
    rest, every = "had no order for 8 weeks and", {1: "", 2: "both "}.get(number, "all ")
    if again == number:
        end = f"It is over: {every}sold again by {{until}}"
    elif number == 1:
        end = "It is closed: without an order for 8 weeks it counts as discontinued"
    elif not again:
        end = f"It is closed: {every}{rest} count as discontinued"
    else:
        end = f"It is closed: {{again}} of {{number}} sold again, the rest {rest} counts as "
        end += "discontinued"
    for came, total in totals:
        yield from form(f"{end}{came}.", lead_in="", **facts, **total)
    if so_far:
        yield from form("{so_far} of {number} sold again so far.", lead_in="", **facts)


def _totals(ask: Asker) -> Iterator[tuple[str, dict[str, Fact | None]]]:
    """What an incident came to: nothing said, or the money, less what was cancelled later."""
    money = partial(shown.amount, unit=ask.money, signed=True)
    came = "; in total it came to {total}"
    yield "", {}
    left = ask.incident(f"if({asking.RETURNED}, impact - impact_returned, null)", money)
    if left is not None:
        yield f"{came} after cancellations", {"total": left}
        return
    yield came, {"total": ask.incident("impact", money)}
    if ask.story.dimension == "customer_type" and ask.story.segment == "new":
        query = f"""
            select impact - (details->>'amount')::double from insights.incidents
            inner join insights.incident_checks using (incident_id)
            where incident_id = {literal(ask.story.incident_id)}
                and check_name = 'reversal' and verdict = 'found'
        """  # noqa: S608 - quoted
        left = ask.fact(query, money, "insights.incident_checks", ask.story.incident_id)
        yield f"{came} after cancellations", {"total": left}


def _since(ask: Asker) -> Iterator[Form]:
    """What came of the lead's series after its last finding, of an incident that goes on."""
    word = "trading day" if ask.story.grain == "daily" else "week"
    number = ask.later("count(*)")
    if number is None:
        return
    facts = {
        "number": number,
        "mean": ask.later("avg(value)", partial(shown.amount, unit=ask.story.unit)),
        "stayed": ask.later("if(count(*) filter (is_inside) = 0, 'outside', null)"),
    }
    if int(number.figure) == 1:
        came, stayed = f"The next {word} it came to {{mean}}", "still {stayed} its usual range"
    else:
        came = f"In the {{number}} {word}s since then it came to {{mean}} on average"
        stayed = "{stayed} its usual range each time"
    for more in ("", f", {stayed}"):
        yield from form(f"{came}{more}.", lead_in="", **facts)


def _waiting(ask: Asker) -> Iterator[Form]:
    """Other series that are not back: no three days, or no week, in a row inside the band."""
    name = literal(ask.story.incident_id)
    query = f"""
        select distinct kpi, label, coalesce(dimension, if(segment != 'all', segment_by, null)),
            segment, grain
        from insights.anomalies inner join marts.dim_kpis using (kpi) where incident_id = {name}
    """  # noqa: S608 - quoted
    run = """
        coalesce((
            select max(inside) from (
                select sum(is_inside::int) over (
                    order by period_start rows between {} preceding and current row
                ) as inside from later
            )
        ), 0)
    """
    waiting = []
    for kpi, label, dimension, member, grain in ask.rows(query):
        longest, least = (run.format(2), 3) if grain == "daily" else (run.format(0), 1)
        back = ask.later(longest, of=(kpi, dimension, member, grain))
        if back is None or int(back.figure) < least:
            text = shown.lower_first(shown.subject(label, dimension, member, ask.names))
            waiting.append(Fact(text, "insights.anomalies", ask.story.incident_id, query))
    if waiting:
        for among in ("", ", among others"):
            yield list_form(f"Not back in the usual range yet{among}: ", waiting)


def lists(ask: Asker) -> Iterator[Form]:
    """The factors of net revenue, and what else moved."""
    name = literal(ask.story.incident_id)
    query = f"""
        select factor, contribution, sum(contribution) over () as total
        from insights.revenue_drivers where incident_id = {name} and dimension = 'all'
    """  # noqa: S608 - quoted
    rows = ask.rows(query)
    if rows:
        total = rows[0][2]
        along, against = (
            [
                Fact(f"{shown.factor(factor)} ({shown.amount(part, ask.money, signed=True)})",
                     "insights.revenue_drivers", factor, " ".join(query.split()))
                for factor, part, _ in rows
                if part * total * way > 0
            ]
            for way in (1, -1)
        )  # fmt: skip
        ((good, change),) = ask.rows(
            f"select direction != 'down', change from insights.{ask.story.source} as found "  # noqa: S608 - quoted
            f"inner join marts.dim_kpis as kpis on found.kpi = kpis.kpi "
            f"where {ask.story.key} = {literal(ask.story.lead)}".replace(
                "direction", "kpis.direction"
            )
        )
        goes_with = (total > 0) == ((change > 0) == good)
        but = "" if goes_with else "moved the other way: it "
        is_more = sum(part for _, part, _ in rows if part * total > 0) / total > 1.05
        on = _of_other_periods(ask)
        for whose in _whose(ask):
            who = f"{on}: {shown.lower_first(whose)}" if on else whose
            before = f"{who} {but}{'rose' if total > 0 else 'fell'} mainly through "
            yield list_form(before, along)
            if against:
                yield list_form(before, along, f", partly offset by {listed(against)}\\.")
            if is_more:
                yield list_form(before, along, r", partly offset by the rest\.")
    gone = [] if ask.story.dimension is None else _gone(ask)
    if gone:
        yield list_form("Also gone: ", gone, total=len(gone))
    up, down = _others(ask, "up"), _others(ask, "down")
    twice = {fact.figure for fact in up} & {fact.figure for fact in down}
    both = "high at one time and low at another"
    for items, word in (
        ([fact for fact in up if fact.figure not in twice], "high"),
        ([fact for fact in down if fact.figure not in twice], "low"),
        ([fact for fact in up if fact.figure in twice], both),
    ):
        if items:
            yield list_form(f"Also unusually {word}: ", items, total=len(items))


def _of_other_periods(ask: Asker) -> str:
    """The lead's period, where findings of its kind have periods without any day of it."""
    one = ask.story
    kind = "null" if one.dimension is None else literal(one.dimension)
    length = "if(grain = 'daily', 0, 6)"
    first = f"date '{one.period_start}'"
    last = f"{first} + {0 if one.grain == 'daily' else 6}"
    query = f"""
        select 1 from insights.anomalies inner join marts.dim_kpis using (kpi)
        where incident_id = {literal(one.incident_id)}
            and coalesce(dimension, if(segment != 'all', segment_by, null))
                is not distinct from {kind}
            and (period_start > {last} or period_start + {length} < {first})
        limit 1
    """  # noqa: S608 - quoted
    when = shown.when(one.period_start, one.grain, full=True)
    return shown.upper_first(when) if ask.rows(query) else ""


def _whose(ask: Asker) -> tuple[str, ...]:
    """Whose revenue it is."""
    one = ask.story
    if one.dimension is None:
        return ("Net revenue",)
    named = shown.segment({one.dimension: one.segment}, ask.names, full=True)
    return "Its revenue", f"Revenue of {named}"


def _gone(ask: Asker) -> list[Fact]:
    """The other members that are gone."""
    one, (query, members) = ask.story, ask.gone_members()
    return [
        Fact(shown.segment({dimension: member}, ask.names, full=True), "insights.anomalies",
             one.incident_id, query)
        for dimension, member, _ in members
        if (dimension, member) != (one.dimension, one.segment)
    ]  # fmt: skip


def _others(ask: Asker, way: str) -> list[Fact]:
    """The other series of the incident that moved one way; beside a fall of all, no small ones."""
    name = literal(ask.story.incident_id)
    gone = " or ".join(
        f"(found.segment = {literal(member)} and found.dimension = {literal(dimension)})"
        for dimension, member, _ in ask.gone_members()[1]
    )
    query = f"""
        select label, coalesce(found.dimension, if(segment != 'all', segment_by, null)), segment
        from (
            select incident_id, kpi, dimension, segment, direction, change from insights.anomalies
            union all
            select incident_id, kpi, dimension, segment, 'up', change from insights.early_warnings
        ) as found
        inner join marts.dim_kpis as kpis on found.kpi = kpis.kpi
        inner join insights.incidents as incidents on found.incident_id = incidents.incident_id
        where found.incident_id = {name} and found.direction = '{way}' and not (
            {ask.story.dimension is None} and impact < 0 and impact_upper < 0
            and segment != 'all' and change < 0 and change > 0.25 * impact
        ) and not ({gone or "false"})
    """  # noqa: S608 - quoted
    subject = asking.subject(ask)
    texts = dict.fromkeys(
        shown.subject(label, dimension, member, ask.names)
        for label, dimension, member in ask.rows(query)
    )
    return [
        Fact(shown.lower_first(text), "insights.anomalies", ask.story.incident_id, query)
        for text in texts
        if subject is None or text != subject.figure
    ]


def before(ask: Asker) -> Iterator[Form]:
    """Incidents like it before, and the last word on any of them."""
    one = ask.story
    query = f"""
        with blamed as (
            select incident_id, list(distinct replace(replace(
                check_name, 'one_order', 'event'), 'one_customer', 'event')) as names
            from insights.incident_checks
            where verdict in ('vanishes', 'suspected')
                or (check_name, verdict) = ('reversal', 'found')
            group by incident_id
        ),
        kinds as (
            select
                incidents.incident_id, incidents.period_start as first_day,
                incidents.period_end as last_day, found.grain, found.period_start,
                [found.kpi, found.direction, replace(coalesce(
                    cast(causes.segment as varchar),
                    if(found.segment = 'all', '{{}}', json_object(
                        coalesce(found.dimension, segment_by), found.segment)::varchar)
                ), ' ', ''), if(contains(methods, 'no_data'), 'no_data',
                    list_sort(blamed.names)::varchar)] as kind
            from insights.incidents as incidents
            inner join (
                select anomaly_id, kpi, direction, dimension, segment, grain, period_start, methods
                from insights.anomalies
                union all
                select warning_id, kpi, 'up', dimension, segment, grain, period_start, methods
                from insights.early_warnings
            ) as found on lead_anomaly_id = anomaly_id
            inner join marts.dim_kpis as kpis on found.kpi = kpis.kpi
            left join blamed on incidents.incident_id = blamed.incident_id
            left join (
                select anomaly_id, segment, analysis, rank from insights.attributions
                union all
                select warning_id, segment, analysis, rank from insights.early_attributions
            ) as causes on found.anomaly_id = causes.anomaly_id
                and causes.analysis = 'root_cause' and causes.rank = 1
        )
        select kinds.incident_id, kinds.period_start, kinds.grain from kinds
        inner join kinds as mine on kinds.kind = mine.kind
        where mine.incident_id = {literal(one.incident_id)} and kinds.last_day < mine.first_day
        order by kinds.first_day, kinds.incident_id
    """  # noqa: S608 - quoted
    rows = ask.rows(query)
    if not rows:
        return
    _, start, grain = rows[-1]
    seen = Fact(shown.count(len(rows), "incident"), "insights.incidents", one.incident_id, query)
    last = replace(seen, figure=shown.when(start, grain, full=True))
    names = ", ".join(literal(name) for name, *_ in rows)
    said = f"""
        select action, note from insights.feedback inner join insights.anomalies using (anomaly_id)
        where incident_id in ({names})
            and (coalesce(note, '') != '' or action in ('false', 'real', 'one-off', 'new-normal'))
        order by given_at desc limit 1
    """  # noqa: S608 - quoted
    word = ask.fact(said, _said, "insights.feedback", one.incident_id)
    more = " ({word})" if word else ""
    yield from form(f"Seen before: {{seen}} like it, the last {{last}}{more}.",
                    seen=seen, last=last, word=word)  # fmt: skip


def _said(action: str, note: str | None) -> str:
    words = " ".join((note or "").split())[:80]
    return f"{STATUS[action]}: “{words}”" if words else STATUS[action]
