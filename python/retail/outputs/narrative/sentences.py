"""Records to sentences: every number in them is one of the record's own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from detect.impact import Impact, cancelled_later
from detect.incidents import NO_DATA
from detect.members.scores import (
    FAR_PRICE,
    FEW_LINES,
    FEW_ORDERS,
    MANY_ORDERS,
    MANY_RETURNS,
    SILENCE,
)
from detect.members.silence import DISCONTINUED, Silence
from detect.records import (
    CURRENCY,
    PERIOD_TO_DATE,
    Anomaly,
    Attribution,
    Check,
    DriverContribution,
    Event,
)
from detect.recovery import End, Since
from retail.formatting import (
    COUNT,
    FEWEST_IN_PERCENT,
    NO_NAMES,
    RATIO,
    amount,
    change,
    contribution,
    count,
    day,
    factor,
    in_percent,
    lower_first,
    percent,
    segment,
    span,
    upper_first,
    weekday,
    when,
    words,
)
from retail.formatting import subject as label_of
from retail.outputs.narrative import rules
from retail.outputs.narrative.rules import Moves

WORDS = {"up": "above", "down": "below"}
MOST_OTHERS = 5
"""Other series that a narrative names of each direction; chosen by hand."""
UP_TO_PERCENT = 2.0
"""Times the expected up to which an amount of money has its percentage beside it; by hand."""
CHANCE = ((0.9, "This is hardly chance"), (0.75, "This is probably not chance"))
NOTICED = {
    FAR_PRICE: ", at prices far from all before",
    MANY_RETURNS: ", with far more returns than usual",
    FEW_ORDERS: ", with far fewer orders than usual",
    FEW_LINES: ", with far fewer order lines than usual",
    MANY_ORDERS: ", with far more orders than usual",
}
"""What a member's finding was noticed by, whatever its amount."""
STABILITY = "stability"
DOUBTS = {
    "reversal": "a large order was cancelled soon after",
    "duplicate_load": "the data may have been loaded twice",
    "unsold_lines": "sales may be recorded wrongly",
    "missing_hours": "a part of the day may be missing",
    "missing_ids": "customer ids may be missing",
    "renumbered_ids": "customer ids may have changed",
    "price_slip": "a price may be wrong",
    "relabelled": "orders may go by another name",
}
"""What a headline ends with where a check has found it; the first of them counts."""
CLOCK_OFF = "the clock may be off"
"""In place of missing hours, where their orders came at other hours."""
BOTH_WAYS = "high at one time and low at another"
"""Of a series that departed in either direction within one incident."""


@dataclass(frozen=True)
class SeenBefore:
    """Incidents of the same KPI, direction and cause before: how many, and the last one's lead.

    `said` is what people last said of any of them, as a label and in their own words.
    """

    times: int
    last: Anomaly
    said: tuple[str, str] | None = None


@dataclass(frozen=True)
class StoryFacts:
    """What an incident is told by, besides its anomalies.

    `is_of_most_days` says whether the first cause is that of most of a lasting change.
    """

    causes: Sequence[Attribution] = ()
    drivers: Sequence[DriverContribution] = ()
    failed_checks: Sequence[Check] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    impact: Impact = field(default_factory=Impact)
    end: End = field(default_factory=End)
    events: Sequence[Event] = ()
    ruled_out: Sequence[Attribution] = ()
    has_many_orders: bool = True
    seen_before: SeenBefore | None = None
    silences: Mapping[str, Silence] = field(default_factory=dict)
    since: Since | None = None
    is_of_most_days: bool = True


def headline(
    anomaly: Anomaly,
    causes: Sequence[Attribution],
    names: Mapping[str, str] = NO_NAMES,
    members: Sequence[Anomaly] = (),
    *,
    failed: Sequence[Check] = (),
    is_undone: bool = False,
) -> str:
    """One line: what, how far from expected, when, where it comes from, and what to doubt.

    `is_undone` says that later cancellations took back most of what was gained.
    """
    missing = rules.days_missing(anomaly, members)
    if rules.is_closed_weekday(missing):
        return f"Closed {_on_weekdays(missing)}"
    if len(missing) > 1:
        return f"{subject(anomaly, names)} {distance(anomaly)} {_from_to(missing)}"
    if SILENCE in anomaly.methods:
        return f"{_gone(anomaly, members, names)} gone: no order at all {_when(anomaly)}"
    cause = rules.cause_to_name(anomaly, causes)
    narrower = rules.beyond(anomaly, cause.segment) if cause else {}
    where = f", from {segment(narrower, names, full=True)}" if narrower else ""
    days = rules.days_of_shift(anomaly, members)
    if days:
        far = distance(rules.together(days))
        return f"{subject(anomaly, names)} {far} {_since(days)}{where}"
    later = ", cancelled later" if is_undone else _doubt(failed)
    return f"{subject(anomaly, names)} {distance(anomaly)} {_when(anomaly)}{where}{later}"


def _doubt(failed: Sequence[Check]) -> str:
    found = {check.check_name: check.details for check in failed}
    first = next((name for name in DOUBTS if name in found), None)
    if first is None:
        return ""
    return f": {CLOCK_OFF if 'moved' in found[first] else DOUBTS[first]}"


def _gone(anomaly: Anomaly, members: Sequence[Anomaly], names: Mapping[str, str]) -> str:
    """The member that is gone, and how many others of its dimension are from the same period on."""
    who = upper_first(segment(anomaly.within, names, full=True))
    gone = rules.others_gone(anomaly, members)
    others = [a for a in gone if a.within.keys() == anomaly.within.keys()]
    if not others or {a.period_start for a in others} != {anomaly.period_start}:
        return who
    return f"{who} and {count(len(others), 'other')}"


def narrative(lead: Anomaly, members: Sequence[Anomaly], facts: StoryFacts) -> str:
    """A short paragraph: the money, the lead, its cause, what to doubt, what else moved, the end.

    Args:
        lead: the finding that stands for the incident.
        members: all anomalies of the incident.
        facts: what else is known of it.
    """
    causes = _causes(lead, members, facts)
    sentences = [
        *_opening(lead, members, facts),
        _cancelled(lead, facts.impact),
        _planned(facts.events),
        _typical(lead, members, lacks_ids=rules.lacks_ids(facts.failed_checks)),
        *causes,
        *(_of_day(lead, c.detail) for c in facts.failed_checks if c.check_name != STABILITY),
        _factors(lead, members, _moves(lead, facts), _whose(lead, facts, causes)),
        *_others(lead, rules.beside(lead, members, facts.impact), facts.names),
        _chance(max(a.confidence for a in members)),
        _end(lead, members, facts),
        _seen_before(facts.seen_before),
    ]
    return " ".join(s for s in sentences if s)


def _opening(lead: Anomaly, members: Sequence[Anomaly], facts: StoryFacts) -> tuple[str, str]:
    """The money at stake, and the lead; in one sentence where they are the same."""
    what, money = _lead(lead, members, facts), facts.impact
    gone, lead_days = SILENCE in lead.methods, _of_member(lead, members)
    lead = rules.together(rules.days_of_shift(lead, members) or [lead])
    if not rules.is_known(money):
        return what, _no_money(lead)
    size = amount(abs(money.value), lead.kpi.money)
    more, side = ("more", "above") if money.value > 0 else ("less", "below")
    if rules.is_undone(money):
        back = amount(money.returned, lead.kpi.money)
        return f"Sales of {back} were cancelled later: {lower_first(what)}", ""
    at_once = rules.reversed_amount(lead, facts.failed_checks)
    if at_once >= rules.HALF * money.value > 0:
        back = amount(at_once, lead.kpi.money)
        return f"Sales of {back} were cancelled soon after: {lower_first(what)}", ""
    if _is_same(lead, money) or (lead.within and not rules.has_wrong_ids(facts.failed_checks)):
        part = ""
        if not _is_same(lead, money) and not (gone and lead_days):
            part = f" {_from_to(lead_days)}" if lead_days else f" from several {_kind(lead)}"
        gross = " before cancellations" if _returned(money) else ""
        return f"{size} {more} than expected{part}{gross}: {lower_first(what)}", ""
    usual = "" if rules.is_certain(money) else ", which is within its usual range"
    return f"{_money_of(lead)} was {size} {side} what was expected{usual}.", what


def _money_of(lead: Anomaly) -> str:
    """Whose money is at stake: a KPI that is a sum of money has its own, any other the shop's."""
    is_sum = lead.kpi.unit == lead.kpi.money and lead.kpi.denominator is None and not lead.within
    return lead.kpi.label if is_sum and not lead.kpi.is_net_revenue else "Net revenue"


def _is_same(lead: Anomaly, money: Impact) -> bool:
    """Whether the lead's change is the money at stake."""
    is_money = lead.kpi.unit.startswith(CURRENCY) and lead.kpi.denominator is None
    return is_money and math.isclose(lead.change, money.value, rel_tol=1e-6, abs_tol=0.01)


def _of_member(lead: Anomaly, members: Sequence[Anomaly]) -> list[Anomaly]:
    """The findings of the lead's member, in order, where none of its dimension has another."""
    of_it = [a for a in members if a.within and a.within.keys() == lead.within.keys()]
    is_alone = len({a.segment for a in of_it}) == 1
    return sorted(of_it, key=lambda a: a.period_start) if is_alone else []


def _kind(lead: Anomaly) -> str:
    """The lead's dimension in the plural: its incident has the money of all members it names."""
    dimension = words(next(iter(lead.within)))
    return f"{dimension[:-1]}ies" if dimension.endswith("y") else f"{dimension}s"


def _no_money(lead: Anomaly) -> str:
    if PERIOD_TO_DATE in lead.methods:
        period = "day" if lead.grain == "daily" else "week"
        return f"What it means in money is known once the {period} is over."
    return "What it means in money is not known."


def _lead(lead: Anomaly, members: Sequence[Anomaly], facts: StoryFacts) -> str:
    """What came, and what was expected."""
    unit, about = lead.kpi.unit, subject(lead, facts.names)
    if SILENCE in lead.methods:
        return _silent(lead, facts)
    if NO_DATA in lead.methods:
        return _missing(rules.days_missing(lead, members))
    days = rules.days_of_shift(lead, members)
    if days:
        return _lasting(about, days)
    came = f"{about} came to {amount(lead.actual, unit)} {_when(lead)}, where"
    return f"{came} {amount(lead.expected, unit)} was expected{_against(lead)}."


def _silent(lead: Anomaly, facts: StoryFacts) -> str:
    """That a member is gone, for how long, and what it used to bring."""
    usual, who = amount(lead.expected, lead.kpi.unit), segment(lead.within, facts.names, full=True)
    gone, days, each, back = facts.silences.get(lead.anomaly_id), _when(lead), "", -lead.actual
    if gone is not None:
        back -= gone.revenue
    if gone is not None and gone.periods > 1:
        days = f"from {span(lead.period_start, gone.last_day, full=True)}"
        each = " a day" if lead.grain == "daily" else " a week"
    sent = f", and {amount(back, lead.kpi.unit)} was sent back" if back > 0 else ""
    return (
        f"{upper_first(who)} had no order at all {days}, where about {usual}{each} was expected"
        f"{sent}."
    )


def _missing(days: Sequence[Anomaly]) -> str:
    """Days without trade, and the orders that were expected."""
    usual = amount(sum(a.expected for a in days), COUNT)
    if len(days) == 1:
        return (
            f"There was no trade at all {_when(days[0])}, where about {usual} orders were expected."
        )
    if rules.is_closed_weekday(days):
        return (
            f"There was no trade {_on_weekdays(days)}: {len(days)} in a row, on which about "
            f"{usual} orders were expected. Later ones are taken for closed days."
        )
    due = f"{len(days)} days on which about {usual} orders were expected"
    return f"There was no trade at all {_from_to(days)}: {due}."


def _on_weekdays(days: Sequence[Anomaly]) -> str:
    first = days[0].period_start
    return f"on {weekday(first)}s since {day(first, full=True)}"


def _lasting(about: str, days: Sequence[Anomaly]) -> str:
    """What came on the days of a lasting change, and what was expected of them before it."""
    whole, unit = rules.together(days), days[0].kpi.unit
    came, usual = amount(whole.actual, unit), amount(whole.expected, unit)
    mean = "" if whole.kpi.denominator is None else "an average of "
    told = count(len(days), "day")
    if len(days) > 1 and days[0].period_start != days[0].shift_start:  # it showed only later
        told = f"{told} {_from_to(days)}"
    return (
        f"{about} stayed {WORDS[whole.direction]} what was expected {_since(days)}: {mean}{came} "
        f"on {told}, where {usual} was expected."
    )


def _since(days: Sequence[Anomaly]) -> str:
    assert days[0].shift_start is not None
    return f"since {day(days[0].shift_start, full=True)}"


def _from_to(days: Sequence[Anomaly]) -> str:
    return f"from {span(days[0].period_start, days[-1].period_end, full=True)}"


def _against(lead: Anomaly) -> str:
    """The range that it left; what it was noticed by, where the amount is within that range."""
    if lead.is_outside:
        low, high = (amount(end, lead.kpi.unit) for end in (lead.lower, lead.upper))
        if low == high:  # a product that hardly ever sells, or a share that is always whole
            return ""
        over = f"{low} to" if PERIOD_TO_DATE not in lead.methods else "up to"
        return f" (usual range: {over} {high})"
    return next((told for method, told in NOTICED.items() if method in lead.methods), "")


def _typical(lead: Anomaly, members: Sequence[Anomaly], *, lacks_ids: bool) -> str:
    """What the typical order shows, beside the lead or else beside another of its KPIs.

    Where customer ids are missing, lines are repeated because nothing tells customers apart.
    """
    for one in (lead, *members):
        if one.typical_label is not None and not (lacks_ids and one.typical_unit == RATIO):
            unit = one.typical_unit or ""
            came, usual = (amount(x, unit) for x in (one.typical_actual, one.typical_expected))
            return f"{one.typical_label}: {came}, where {usual} was expected."
    return ""


def _cancelled(lead: Anomaly, money: Impact) -> str:
    """What later cancellations took back, where the story does not begin with it."""
    if not _returned(money) or rules.is_undone(money):
        return ""
    back = amount(money.returned, lead.kpi.money)
    return f"Of what was sold then, {back} more than usual was cancelled later."


def _planned(events: Sequence[Event]) -> str:
    """What the shop knew of these days."""
    told = [f"{e.name} ({span(e.first, e.last, full=True)})" for e in events]
    return f"Planned for these days: {listed(told)}." if told else ""


def _causes(lead: Anomaly, members: Sequence[Anomaly], facts: StoryFacts) -> list[str]:
    """The cause, and whether other comparisons name it too."""
    cause = _cause(lead, members, facts)
    if not cause or not facts.causes:
        return [cause]
    return [
        _of_day(lead, cause),
        *(c.detail for c in facts.failed_checks if c.check_name == STABILITY),
    ]


def _of_day(lead: Anomaly, sentence: str) -> str:
    """A sentence about the lead's period; of a lasting change that is one of its days."""
    if lead.shift_start is None:
        return sentence
    return f"On {day(lead.period_start, full=True)}: {lower_first(sentence)}"


def _cause(lead: Anomaly, members: Sequence[Anomaly], facts: StoryFacts) -> str:
    """Which segment moved the KPI its way, if that says more than the headline's own member."""
    first = next(iter(facts.causes), None)
    if first is None:
        broad = rules.is_broad(lead, facts.causes, facts.failed_checks)
        broad = (
            broad and not rules.stands_out(lead, facts.ruled_out) and rules.is_even(lead, members)
        )
        return _outside(facts) if broad else ""
    narrower = rules.beyond(lead, first.segment)
    if not narrower or not rules.is_worth_telling(lead, first, facts.failed_checks):
        return ""
    text = segment(narrower, facts.names, full=True)
    came_to = contribution(first.contribution, lead.kpi.unit, full=True)
    if not rules.moves_along(lead, first):
        return f"The change was partly offset by {text} ({came_to})."
    if first.share_of_change > rules.WHOLE:
        return f"More than all of the change ({came_to}) is from {text}, partly offset by the rest."
    if lead.kpi.unit == COUNT and abs(lead.change) < FEWEST_IN_PERCENT:
        whole = contribution(lead.change, lead.kpi.unit, full=True)
        return f"{came_to} of {whole} is from {text}."
    is_whole = first.share_of_change >= rules.ALL_OF_IT
    part = "All" if is_whole else percent(first.share_of_change)
    return f"{part} of the change ({came_to}) is from {text}."


def _outside(facts: StoryFacts) -> str:
    """That no dimension explains it, how surely where that is known, and which were looked at."""
    ruled_out = facts.ruled_out
    if not ruled_out or ruled_out[0].cause_confidence < rules.SURE_OF_NONE:
        return ""
    looked_at = dict.fromkeys(name for row in ruled_out for name in row.segment)
    implied = {group for name in looked_at for group in rules.GROUPED_BY.get(name, ())}
    *first, last = sorted(words(name) for name in looked_at if name not in implied)
    named = f"{', '.join(first)} or {last}" if first else last
    sure = f" ({percent(ruled_out[0].cause_confidence)} sure)" if facts.has_many_orders else ""
    return f"None of the recorded dimensions explains it{sure}: no {named} stands out."


def _moves(lead: Anomaly, facts: StoryFacts) -> Moves | None:
    """The factors worth a word: none beside an order, a customer or a load that makes it."""
    failed = facts.failed_checks
    if rules.has_event(failed) or rules.is_of_loading(failed) or lead.shift_start:
        return None
    return rules.moves(lead, facts.drivers, facts.impact)


def _whose(lead: Anomaly, facts: StoryFacts, causes: Sequence[str]) -> str:
    """Whose revenue the factors moved; a member has its name where a cause stands in between."""
    if not lead.within:
        return "Net revenue"
    return (
        f"Revenue of {segment(lead.within, facts.names, full=True)}"
        if any(causes)
        else "Its revenue"
    )


def _factors(lead: Anomaly, members: Sequence[Anomaly], moves: Moves | None, whose: str) -> str:
    """The factors that moved net revenue most; what they have too much, others take back.

    They are those of the lead's period, which is named where the money is of others, too.
    """
    if moves is None:
        return ""
    along, against = (
        listed(
            f"{factor(d.factor)} ({amount(d.contribution, lead.kpi.money, signed=True)})"
            for d in side
        )
        for side in (moves.along, moves.against)
    )
    verb = "rose" if moves.total > 0 else "fell"
    but = "" if rules.goes_with(lead, moves.total) else "moved the other way: it "
    offset = f", partly offset by {against or 'the rest'}" if moves.is_offset else ""
    if rules.has_other_periods(lead, members):
        whose = f"{upper_first(_when(lead))}: {lower_first(whose)}"
    return f"{whose} {but}{verb} mainly through {along}{offset}."


def listed(parts: Iterable[str]) -> str:
    """Parts of a sentence: the last one with an `and`."""
    *first, last = [*parts] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def _others(lead: Anomaly, members: Sequence[Anomaly], names: Mapping[str, str]) -> list[str]:
    """The other series of the incident, those of the whole shop first, by direction."""
    about, gone = subject(lead, names), rules.others_gone(lead, members)
    silent = [a.within for a in gone]
    parts = {
        (what, other.direction): None
        for other in sorted(members, key=lambda a: bool(a.within))
        if (what := subject(other, names)) != about and other.within not in silent
    }
    ways = {what: {way for other, way in parts if other == what} for what, _ in parts}
    out = []
    for told, word in (({"up"}, "high"), ({"down"}, "low"), ({"up", "down"}, BOTH_WAYS)):
        every = [lower_first(what) for what, seen in ways.items() if seen == told]
        out += _also(f"unusually {word}", every)
    return [*_also("gone", [segment(a.within, names, full=True) for a in gone]), *out]


def _also(how: str, every: Sequence[str]) -> list[str]:
    """A sentence of what else is so, the first by name and the rest as a number."""
    left = len(every) - MOST_OTHERS
    told = [*every[:MOST_OTHERS], *([count(left, "other")] if left > 0 else [])]
    return [f"Also {how}: {listed(told)}."] if told else []


def _chance(confidence: float) -> str:
    """How sure it is that this is more than chance, in words that need no statistics."""
    sure = percent(confidence)
    return next(
        (f"{said} ({sure} sure)." for least, said in CHANCE if confidence >= least),
        f"This may still be chance ({sure} sure that it is not).",
    )


def _end(lead: Anomaly, members: Sequence[Anomaly], facts: StoryFacts) -> str:
    """That it is over, and what it came to; of what goes on, what came since."""
    if facts.end.recovered_on is None:
        return _so_far(lead, facts)
    until = day(facts.end.recovered_on, full=True)
    if facts.end.stayed_on is not None:
        since = day(facts.end.stayed_on, full=True)
        over = f"It has not come back: after {since} the new level is what is expected"
        if facts.end.late_on is not None:
            late = day(facts.end.late_on, full=True)
            over = f"It lasted: after {since} the new level was what is expected; by {late} it was "
            over += "back near the level before"
    elif SILENCE in lead.methods:
        over = _sold_again(until, facts.end)
    else:
        over = f"It is over: back in the usual range by {until}"
    return f"{over}{_total(lead, facts)}."


def _so_far(lead: Anomaly, facts: StoryFacts) -> str:
    """What came of an incident that goes on, since its last finding."""
    if SILENCE in lead.methods:
        return f"{facts.end.back} of {facts.end.gone} sold again so far." if facts.end.back else ""
    if facts.since is None:
        return ""
    waiting = _waiting(lead, facts)
    came, periods = amount(facts.since.mean, lead.kpi.unit), facts.since.periods
    word = "trading day" if lead.grain == "daily" else "week"
    if periods == 1:
        stayed = "" if facts.since.inside else ", still outside its usual range"
        return f"The next {word} it came to {came}{stayed}.{waiting}"
    stayed = "" if facts.since.inside else ", outside its usual range each time"
    return (
        f"In the {count(periods, word)} since then it came to {came} on average{stayed}.{waiting}"
    )


def _waiting(lead: Anomaly, facts: StoryFacts) -> str:
    """What keeps an incident open where its lead is back."""
    waiting = [subject(a, facts.names) for a in facts.end.waiting]
    about = subject(lead, facts.names)
    if not waiting or about in waiting:
        return ""
    told = list(dict.fromkeys(map(lower_first, waiting)))
    among = ", among others" if len(told) > MOST_OTHERS else ""
    return f" Not back in the usual range yet{among}: {listed(told[:MOST_OTHERS])}."


def _sold_again(until: str, end: End) -> str:
    """How an incident of members that were gone ended."""
    weeks = count(DISCONTINUED, "week")
    every = {1: "", 2: "both "}.get(end.gone, "all ")
    if not end.discontinued:
        return f"It is over: {every}sold again by {until}"
    if end.gone == 1:
        return f"It is closed: without an order for {weeks} it counts as discontinued"
    if not end.back:
        return f"It is closed: {every}had no order for {weeks} and count as discontinued"
    return (
        f"It is closed: {end.back} of {end.gone} sold again, the rest had no order for {weeks} and "
        "counts as discontinued"
    )


def _total(lead: Anomaly, facts: StoryFacts) -> str:
    """What an incident that is over came to, less what was cancelled.

    Nothing where customer ids are wrong: what guests have more, customers have less.
    """
    if not rules.is_known(facts.impact) or rules.has_wrong_ids(facts.failed_checks):
        return ""
    back = _returned(facts.impact) + rules.reversed_amount(lead, facts.failed_checks)
    after = " after cancellations" if back else ""
    came_to = amount(facts.impact.value - back, lead.kpi.money, signed=True)
    return f"; in total it came to {came_to}{after}"


def _returned(money: Impact) -> float:
    """What was cancelled on a later day, if that is worth a word."""
    return cancelled_later(money.value, money.returned)


def _seen_before(seen: SeenBefore | None) -> str:
    """Incidents like it, and what people said of them."""
    if seen is None:
        return ""
    said = ""
    if seen.said is not None:
        label, note = seen.said
        said = f" ({label}{f': “{note}”' if note else ''})"
    times = count(seen.times, "incident")
    return f"Seen before: {times} like it, the last {_when(seen.last)}{said}."


def subject(anomaly: Anomaly, names: Mapping[str, str] = NO_NAMES) -> str:
    """The KPI, and the member that it is about where it has one."""
    dimension = next(iter(anomaly.within), None)
    return label_of(anomaly.kpi.label, dimension, anomaly.segment, names)


def distance(anomaly: Anomaly) -> str:
    """How far the actual is from the expected: in money, in percent or in the KPI's unit."""
    if NO_DATA in anomaly.methods:
        return "missing: no trade at all"
    if PERIOD_TO_DATE in anomaly.methods:
        return f"so far already {_beyond(anomaly)}"
    if "calendar" in anomaly.methods:
        return "on a day the shop is usually closed,"
    return _beyond(anomaly)


def _beyond(anomaly: Anomaly) -> str:
    unit, word = anomaly.kpi.unit, WORDS[anomaly.direction]
    size = amount(abs(anomaly.change), unit)
    relative = change(anomaly.actual, anomaly.expected, unit, signed=False, full=True)
    if unit == RATIO:
        return f"{relative} {word} expected"
    if not in_percent(anomaly.actual, anomaly.expected, unit):
        usual = amount(anomaly.expected, unit)
        tiny = unit == COUNT
        actual = amount(anomaly.actual, unit)
        return f"{actual}, where {usual} was expected," if tiny else f"{size} {word} expected"
    if unit.startswith(CURRENCY):
        moderate = abs(anomaly.change) <= UP_TO_PERCENT * anomaly.expected
        return f"{size} {f'({relative}) ' if moderate else ''}{word} expected"
    return f"{relative} {word} expected"


def _when(anomaly: Anomaly) -> str:
    return when(anomaly.period_start, anomaly.grain, full=True)
