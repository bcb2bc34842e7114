"""What a headline and the first sentences of a story may say."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial

from detect.members.scores import FAR_PRICE, FEW_LINES, FEW_ORDERS, MANY_ORDERS, MANY_RETURNS
from retail import formatting as shown
from retail.formatting import COUNT
from retail.reading.proof import asking
from retail.reading.proof.asking import Asker
from retail.reading.proof.forms import Fact, Form, form
from retail.storage.quoting import literal

FAR = (
    "{size} {way} expected",
    "{size} ({relative}) {way} expected",
    "{relative} {way} expected",
    "{actual}, where {expected} was expected,",
)
"""How far the actual is from the expected."""
NOTICED = {
    FAR_PRICE: "at prices far from all before",
    MANY_RETURNS: "with far more returns than usual",
    FEW_ORDERS: "with far fewer orders than usual",
    FEW_LINES: "with far fewer order lines than usual",
    MANY_ORDERS: "with far more orders than usual",
}
"""What a finding of a member may be noticed by, by method."""
DOUBTS = {
    "reversal": "a large order was cancelled soon after",
    "duplicate_load": "the data may have been loaded twice",
    "unsold_lines": "sales may be recorded wrongly",
    "missing_ids": "customer ids may be missing",
    "renumbered_ids": "customer ids may have changed",
    "price_slip": "a price may be wrong",
    "relabelled": "orders may go by another name",
}
"""What a headline may end with, by the check that found it."""
OF_HOURS = "if($moved is null, 'a part of the day may be missing', 'the clock may be off')"
"""The same of hours without an order."""
TAKEN_BACK = "impact_returned >= 0.495 * impact and impact_lower > 0"
"""SQL: whether most of what was gained was cancelled later."""


def headlines(ask: Asker) -> Iterator[Form]:
    """What a headline may say."""
    later = {"taken_back": ask.incident(f"if({TAKEN_BACK}, 'cancelled later', null)")}
    later |= {name: ask.check(name, literal(words)) for name, words in DOUBTS.items()}
    later["missing_hours"] = ask.check("missing_hours", OF_HOURS)
    ends = ("", ", {taken_back}", *(f": {{{name}}}" for name in (*DOUBTS, "missing_hours")))
    subject, when = asking.subject(ask), asking.when(ask)
    change, actual, expected = asking.size(ask), asking.actual(ask), asking.expected(ask)
    way = asking.figure(ask, "if(change > 0, 'above', 'below')", str)
    relative = asking.figure(ask, "abs(change) / nullif(expected, 0)", shown.percent)
    gone, others = asking.gone_member(ask), asking.others_gone(ask)
    for too in ("", " and {others}"):
        yield from form(f"{{gone}}{too} gone: no order at all {{when}}",
                        gone=gone, others=others, when=when)  # fmt: skip
    for where in (None, *asking.segments(ask)):
        more = ", from {where}" if where else ""
        for far in FAR:
            for so_far in ("", "so far already "):
                for days, end in itertools.product((when, asking.since(ask)), ends):
                    yield from form(
                        f"{{subject}} {so_far}{far} {{days}}{more}{end}", lead_in="",
                        subject=subject, size=change, way=way, relative=relative, actual=actual,
                        expected=expected, days=days, where=where, **later,
                    )  # fmt: skip
        yield from form(f"{{subject}} on a day the shop is usually closed, {{when}}{more}",
                        subject=subject, when=when, where=where)  # fmt: skip
        closed = _closed(ask)
        yield from form(f"Closed on {{weekdays}} since {{first}}{more}", where=where,
                        weekdays=closed["weekdays"], first=closed["first"])  # fmt: skip
        span = asking.gap(ask, "min(period_start), max(period_start)", asking.from_to)
        for days, end in itertools.product((when, span), ends):
            yield from form(f"{{subject}} missing: no trade at all {{days}}{more}{end}",
                            lead_in="", subject=subject, days=days, where=where,
                            **later)  # fmt: skip


def openings(ask: Asker) -> Iterator[Form]:
    """The money at stake, and what the lead came to."""
    money = partial(shown.amount, unit=ask.money)
    size = ask.incident("abs(impact)", money)
    of_money = {"size": size, "more": ask.incident("if(impact > 0, 'more', 'less')"),
                "kind": ask.lead(literal(ask.story.dimension or ""), _plural),
              "span": asking.of_member(ask), "gross": asking.gross(ask)}  # fmt: skip
    side = ask.incident("if(impact > 0, 'above', 'below')")
    inside = ask.incident(
        "if(impact_lower <= 0 and impact_upper >= 0, 'within its usual range', null)"
    )
    back = ask.incident(f"if({TAKEN_BACK}, impact_returned, null)", money)
    at_once = ask.check("reversal", "$amount", lambda text: money(float(text)))
    for template, facts in _leads(ask):
        before = "Sales of {back} were cancelled later: "
        yield from form(template, lead_in=before, back=back, **facts)
        before = "Sales of {at_once} were cancelled soon after: "
        yield from form(template, lead_in=before, at_once=at_once, **facts)
        for whose in ("", " {span}", " from several {kind}"):
            for taken in ("", " {gross}"):
                before = f"{{size}} {{more}} than expected{whose}{taken}: "
                yield from form(template, lead_in=before, **facts, **of_money)
        yield from form(template, lead_in="", **facts)
    own = f"unit = 'currency' and denominator_measure is null and {_is_a_part(ask)}"
    label = asking.subject(ask, own)
    whose = label.figure if label else "Net revenue"
    yield from form(f"{whose} was {{size}} {{side}} what was expected.", size=size, side=side)
    yield from form(f"{whose} was {{size}} {{side}} what was expected, which is {{inside}}.",
                    size=size, side=side, inside=inside)  # fmt: skip
    unknown = ask.incident("if(impact is null, 'not known', null)")
    yield from form("What it means in money is {unknown}.", unknown=unknown)
    over = "if(is_provisional, 'known once the ', null)"
    word = "day" if ask.story.grain == "daily" else "week"
    yield from form(f"What it means in money is {{over}}{word} is over.", over=ask.incident(over))


def _is_a_part(ask: Asker) -> str:
    """SQL: whether the lead is of the whole shop, and its KPI of a part of its net revenue."""
    return "false" if ask.story.dimension else "numerator_measure != 'net_revenue'"


def _plural(dimension: str) -> str:
    word = shown.words(dimension)
    return f"{word[:-1]}ies" if word.endswith("y") else f"{word}s"


def _leads(ask: Asker) -> Iterator[tuple[str, dict[str, Fact | None]]]:
    """What came, and what was expected, as templates."""
    one, unit = ask.story, ask.story.unit
    facts = {
        "about": asking.subject(ask), "when": asking.when(ask), "actual": asking.actual(ask),
        "expected": asking.expected(ask),
        "lower": ask.lead("lower", partial(shown.amount, unit=unit))
        if one.source == "anomalies" else None,
        "upper": ask.lead("upper", partial(shown.amount, unit=unit)),
        "side": asking.figure(ask, "if(change > 0, 'above', 'below')", str),
        "since": asking.since(ask),
    }  # fmt: skip
    came = "{about} came to {actual} {when}, where {expected} was expected"
    yield f"{came} (usual range: {{lower}} to {{upper}}).", facts
    if one.source == "early_warnings":
        yield f"{came} (usual range: up to {{upper}}).", facts
    yield f"{came}.", facts
    for method, what in NOTICED.items():
        noticed = ask.lead(f"if(contains(methods, '{method}'), '{what}', null)")
        yield f"{came}, {{noticed}}.", {**facts, "noticed": noticed}
    if one.dimension:
        who = asking.gone_member(ask)
        gone = {**facts, "who": who}
        gone["sent"] = who and ask.sent_back()
        for sent in ("", ", and {sent} was sent back"):
            due = f"where about {{expected}} was expected{sent}."
            yield f"{{who}} had no order at all {{when}}, {due}", gone
        each = "a day" if one.grain == "daily" else "a week"
        gone["since"] = who and ask.gone("min(period_start), max(period_end)", asking.from_to)
        for sent in ("", ", and {sent} was sent back"):
            due = f"where about {{expected}} {each} was expected{sent}."
            yield f"{{who}} had no order at all {{since}}, {due}", gone
    gap = {
        "days": asking.gap(ask, "min(period_start), max(period_start)", asking.from_to),
        "count": asking.gap(ask, "count(*)", str),
        "due": asking.gap(ask, "sum(expected)", partial(shown.amount, unit=COUNT)),
    }
    due = "about {due} orders were expected."
    yield f"There was no trade at all {{when}}, where {due}", {**facts, **gap}
    yield f"There was no trade at all {{days}}: {{count}} days on which {due}", gap
    yield (
        "There was no trade on {weekdays} since {first}: {count} in a row, on which about {due} "
        "orders were expected. Later ones are taken for closed days.",
        gap | _closed(ask),
    )
    if one.shift_start is not None:
        query = f"select count(*) from {asking.of_shift(ask)}"  # noqa: S608 - quoted
        lasted = ask.fact(query, lambda n: shown.count(n, "day"), "insights.anomalies", one.lead)
        query = f"select min(period_start), max(period_start) from {asking.of_shift(ask)}"  # noqa: S608 - quoted
        seen = ask.fact(query, partial(shown.span, full=True), "insights.anomalies", one.lead)
        mean = "an average of " if one.is_ratio else ""
        for more in ("", " from {seen}"):
            yield (
                f"{{about}} stayed {{side}} what was expected {{since}}: {mean}{{actual}} on "
                f"{{lasted}}{more}, where {{expected}} was expected.",
                {**facts, "lasted": lasted, "seen": seen},
            )


def _closed(ask: Asker) -> dict[str, Fact | None]:
    """The weekday on which there was no trade more than once, and the first of these days."""
    is_one = "count(*) > 1 and count(distinct dayname(period_start)) = 1"
    return {
        "weekdays": asking.gap(
            ask, f"if({is_one}, min(dayname(period_start)), null)", "{}s".format
        ),
        "first": asking.gap(ask, "min(period_start)", partial(shown.day, full=True)),
    }
