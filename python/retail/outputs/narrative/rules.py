"""What a story may say: decided here from the records, before any sentence is written."""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detect.anomalies import CALENDAR_METHODS
from detect.attribution.data_quality import SUSPECTED
from detect.attribution.incident_checks import EVENTS, FOUND
from detect.attribution.leave_one_out import VANISHES
from detect.group_by import group_by
from detect.impact import Forecasts, Impact
from detect.incidents import NO_DATA
from detect.members.scores import SILENCE
from detect.records import (
    ALL,
    ORDERS,
    PERIOD_TO_DATE,
    Anomaly,
    Attribution,
    Check,
    DriverContribution,
    Kpi,
)
from retail.formatting import COUNT

WORTH_A_WORD = 0.25
"""Share of what moved revenue from which a factor is mentioned; by hand."""
SURE = 0.9
"""Confidence from which a cause is stated without “may”; by hand."""
NEWS_BESIDE = 0.25
"""Part of a fall of the whole shop from which a member's own fall is news beside it; by hand."""
SURE_OF_NONE = 0.8
"""Confidence from which a story says that nothing recorded explains a change; by hand."""
MANY_ORDERS = 20.0
"""Orders expected of a period from which that confidence holds: it is of shops with as many."""
HALF = 0.495
"""Share of the change from which a headline names a cause, as it rounds; by hand."""
FEWEST_TO_BLAME = 3.0
"""Orders or customers below which none are blamed on a segment: it may be any one; by hand."""
NEARLY_ALL = 0.8
"""Share of the change from which lines that came in twice are those of one segment; not where so
large a share of all lines did; by hand."""
WHOLE = 1.05
"""Share of a change from which the story says that the rest offset a part of it; by hand."""
ALL_OF_IT = 0.995
"""Share of a change that rounds to all of it."""
GROUPED_BY = {"country": ("region", "market"), "region": ("market",), "product": ("category",)}
"""Dimensions that say nothing beside a finer one."""
OF_SOME_MEMBERS = frozenset({"international_revenue", "repeat_customers"})
"""Measures of some countries and some customers: as shares they say how even a change is."""
NEW = {"customer_type": "new"}
APART = frozenset({SILENCE, PERIOD_TO_DATE, NO_DATA})
"""Methods of findings whose net revenue is none, or not yet known."""
GOOD, BAD, NEUTRAL, MIXED = "good", "bad", "neutral", "mixed"
PRICE_SLIP = "price_slip"
MISSING_IDS, RENUMBERED_IDS = "missing_ids", "renumbered_ids"
MISSING_HOURS = "missing_hours"
OF_LOADING = ("duplicate_load", MISSING_HOURS, "unsold_lines")
BY_ANOTHER_NAME = ("relabelled", RENUMBERED_IDS)
FAULTS = (*OF_LOADING, MISSING_IDS, PRICE_SLIP, *BY_ANOTHER_NAME)


@dataclass(frozen=True)
class Moves:
    """Factors of net revenue worth a word: those that moved it its way, and those against."""

    total: float
    along: tuple[DriverContribution, ...]
    against: tuple[DriverContribution, ...]

    @property
    def is_offset(self) -> bool:
        """Whether others took back a part of what these brought."""
        brought = sum(d.contribution for d in self.along)
        return bool(self.against) or brought / self.total > WHOLE


def cause_to_name(anomaly: Anomaly, causes: Sequence[Attribution]) -> Attribution | None:
    """The cause that a headline names: half of the change at least, and another baseline agrees."""
    first = next(iter(causes), None)
    if first is None or is_unsure(first) or is_tiny(anomaly, first):
        return None
    return first if first.share_of_change >= HALF and moves_along(anomaly, first) else None


def is_tiny(anomaly: Anomaly, cause: Attribution) -> bool:
    """Whether a cause is of one or two orders or customers."""
    return anomaly.kpi.unit == COUNT and abs(cause.contribution) < FEWEST_TO_BLAME


def is_unsure(cause: Attribution) -> bool:
    """Whether no other baseline names a cause; where none was asked, whether it is not sure."""
    unasked = math.isnan(cause.stability) and cause.share_of_change < 1
    return cause.stability == 0 or (unasked and cause.cause_confidence < SURE)


def beside(lead: Anomaly, members: Sequence[Anomaly], impact: Impact) -> list[Anomaly]:
    """Findings named beside a lead of the whole shop: no member that is gone, or fell a little."""
    fell = not lead.within and impact.value < 0 and is_certain(impact)
    return [
        a
        for a in members
        if not (fell and a.within and NEWS_BESIDE * impact.value < a.change < 0)
        and (lead.within or SILENCE not in a.methods)
    ]


def others_gone(lead: Anomaly, members: Sequence[Anomaly]) -> list[Anomaly]:
    """The first finding of each other member that is gone, in order of time."""
    gone = sorted((a for a in members if SILENCE in a.methods), key=lambda a: a.period_start)
    of_member = group_by(gone, lambda a: (a.dimension, a.segment))
    return [found[0] for found in of_member.values() if found[0].within != lead.within]


def moves_along(anomaly: Anomaly, cause: Attribution) -> bool:
    """Whether a cause moved the KPI in the direction that it went."""
    return cause.contribution * anomaly.change > 0


def beyond(anomaly: Anomaly, segment: Mapping[str, str]) -> dict[str, str]:
    """What a segment says beyond the member that a finding is about, and beyond its own groups."""
    said = {**segment, **anomaly.within}
    implied = {group for name in said for group in GROUPED_BY.get(name, ())}
    return {d: m for d, m in segment.items() if d not in anomaly.within and d not in implied}


def is_broad(anomaly: Anomaly, causes: Sequence[Attribution], failed: Sequence[Check]) -> bool:
    """Whether nothing is to blame: no segment, no order or customer, and no fault of the data."""
    if not set(CALENDAR_METHODS).isdisjoint(anomaly.methods):
        return False
    return not (causes or anomaly.within or any(_blames(check) for check in failed))


def stands_out(lead: Anomaly, ruled_out: Sequence[Attribution]) -> bool:
    """Whether a member has nearly all of the change of a sum, and usually less of it.

    Where shares vary as much as in a small shop, that proves no cause; nor may a story say that
    nothing stands out.
    """
    return any(
        row.share_of_change >= NEARLY_ALL and row.expected < NEARLY_ALL * lead.expected
        for row in ruled_out
        if lead.kpi.denominator is None
    )


def is_even(lead: Anomaly, members: Sequence[Anomaly]) -> bool:
    """Whether no share of some members departed, nor a member against all: else it is theirs."""
    is_sum = lead.kpi.denominator is None
    return not any(
        (a.kpi.denominator and a.kpi.numerator in OF_SOME_MEMBERS)
        or (is_sum and a.within and a.change * lead.change < 0)
        for a in members
    )


def has_many_orders(lead: Anomaly, kpis: Sequence[Kpi], forecasts: Forecasts) -> bool:
    """Whether so many orders were expected of the lead's period; where that is unknown, too."""
    of_orders = [k.name for k in kpis if (k.numerator, k.denominator) == (ORDERS, None)]
    return all(
        row.expected >= MANY_ORDERS
        for name in of_orders
        for row in forecasts.get((name, ALL, lead.grain), ())
        if row.period_start == lead.period_start
    )


def first_day(members: Sequence[Anomaly]) -> dt.date:
    """The first day that an incident touches."""
    return min(a.period_start for a in members)


def last_day(members: Sequence[Anomaly]) -> dt.date:
    """The last day that an incident touches."""
    return max(a.period_end for a in members)


def has_other_periods(lead: Anomaly, members: Sequence[Anomaly]) -> bool:
    """Whether the money at stake is of periods that have no day of the lead's, too."""
    alike = (a for a in members if a.within.keys() == lead.within.keys())
    return any(a.period_end < lead.period_start or lead.period_end < a.period_start for a in alike)


def days_missing(lead: Anomaly, members: Sequence[Anomaly]) -> list[Anomaly]:
    """The days without any trade that an incident is about, in order of time; none of others."""
    if NO_DATA not in lead.methods:
        return []
    return sorted((a for a in members if NO_DATA in a.methods), key=lambda a: a.period_start)


def is_closed_weekday(days: Sequence[Anomaly]) -> bool:
    """Whether days without trade show that the shop is closed on their weekday from now on."""
    return len(days) > 1 and len({a.period_start.weekday() for a in days}) == 1


def days_of_shift(lead: Anomaly, members: Sequence[Anomaly]) -> list[Anomaly]:
    """The days of the lasting change that an incident is about, in order; none of others."""
    if lead.shift_start is None:
        return []
    same = (lead.kpi.name, lead.segment, lead.shift_start)
    days = [a for a in members if (a.kpi.name, a.segment, a.shift_start) == same]
    return sorted(days, key=lambda a: a.period_start)


def is_of_most_days(
    causes: Sequence[Attribution],
    days: Sequence[Anomaly],
    causes_of: Mapping[str, Sequence[Attribution]],
) -> bool:
    """Whether the first cause is that of most of a lasting change, and not of its day alone.

    Args:
        causes: of the day that leads.
        days: of the lasting change; none of others.
        causes_of: the causes of each day, by the id of its finding.
    """
    if not (causes and days):
        return True
    its = [
        day
        for day in days
        if any(_is_alike(c.segment, causes[0].segment) for c in causes_of[day.anomaly_id][:1])
    ]
    return sum(abs(a.change) for a in its) >= HALF * sum(abs(a.change) for a in days)


def _is_alike(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether one of two segments lies within the other."""
    return one.items() <= other.items() or other.items() <= one.items()


def together(days: Sequence[Anomaly]) -> Anomaly:
    """The days of a lasting change as one finding: their sum, or of a ratio their mean."""
    parts = 1 if days[0].kpi.denominator is None else len(days)
    return dataclasses.replace(
        days[0],
        actual=sum(a.actual for a in days) / parts,
        expected=sum(a.expected for a in days) / parts,
    )


def blamed(failed: Sequence[Check]) -> tuple[str, ...]:
    """What is blamed in place of a segment: an order or a customer are one of these."""
    names = {"event" if c.check_name in EVENTS else c.check_name for c in failed if _blames(c)}
    return tuple(sorted(names))


def _blames(check: Check) -> bool:
    return has_event([check]) or has_fault([check]) or was_reversed([check])


def was_reversed(failed: Sequence[Check]) -> bool:
    """Whether a large order was cancelled within the period."""
    return any((c.check_name, c.verdict) == ("reversal", FOUND) for c in failed)


def reversed_amount(lead: Anomaly, failed: Sequence[Check]) -> float:
    """Money of the order or customer that makes a rise of new ones, if cancelled on its day.

    A cancellation is a returning customer's, so that the money of the new ones does not lack it.
    """
    if lead.within != NEW or lead.change < 0:
        return 0.0
    makes = {
        c.details.get("invoice_no", c.details.get("customer_id")) for c in failed if has_event([c])
    }
    reversals = [c.details for c in failed if was_reversed([c])]
    return sum(
        float(str(d["amount"]))
        for d in reversals
        if makes & {d["sale_invoice_no"], d["customer_id"]}
    )


def lacks_ids(failed: Sequence[Check]) -> bool:
    """Whether customer ids may be missing."""
    return MISSING_IDS in _suspected(failed)


def has_wrong_ids(failed: Sequence[Check]) -> bool:
    """Whether ids may be missing or have changed: one type of customer has what another lacks."""
    return lacks_ids(failed) or RENUMBERED_IDS in _suspected(failed)


def _suspected(failed: Sequence[Check]) -> set[str]:
    """Names of the checks that suspect something."""
    return {check.check_name for check in failed if check.verdict == SUSPECTED}


def is_of_loading(failed: Sequence[Check]) -> bool:
    """Whether order lines may have come in twice, or not at all, or as no sales."""
    return not _suspected(failed).isdisjoint(OF_LOADING)


def is_to_blame(cause: Attribution, failed: Sequence[Check]) -> bool:
    """Whether a segment is: missing hours are nobody's, nor lines that came in twice everywhere."""
    repeated = (c.details.get("share", 0.0) for c in failed if c.check_name == "duplicate_load")
    is_everywhere = any(float(str(share)) >= NEARLY_ALL for share in repeated)
    is_of_segment = cause.share_of_change >= NEARLY_ALL and not is_everywhere
    return not is_of_loading(failed) or (is_of_segment and MISSING_HOURS not in _suspected(failed))


def is_elsewhere(cause: Attribution, failed: Sequence[Check]) -> bool:
    """Whether a price may be wrong in another country than that of a cause."""
    prices = (c.details for c in failed if c.check_name == PRICE_SLIP)
    wrong = [str(details["country"]) for details in prices if "country" in details]
    return "country" in cause.segment and any(name != cause.segment["country"] for name in wrong)


def is_worth_telling(anomaly: Anomaly, cause: Attribution, failed: Sequence[Check]) -> bool:
    """Whether a story names a cause: not beside a better one, nor one that nothing else names.

    An order, a customer or wrong ids are the better one of a segment with less than half of the
    change, or in doubt. An order has one country, and a customer too: of a member that they make,
    only a product says more.
    """
    if not is_to_blame(cause, failed) or is_tiny(anomaly, cause):
        return False
    if has_event(failed) and anomaly.within and "product" not in beyond(anomaly, cause.segment):
        return False
    if not (has_event(failed) or has_wrong_ids(failed)):
        return not is_unsure(cause)
    return cause.share_of_change >= HALF and not cause.stability < 1


def has_event(failed: Sequence[Check]) -> bool:
    """Whether one order or one customer makes the incident."""
    return any(check.check_name in EVENTS and check.verdict == VANISHES for check in failed)


def has_fault(failed: Sequence[Check]) -> bool:
    """Whether a fault of the data is suspected."""
    return not _suspected(failed).isdisjoint(FAULTS)


def favourability(members: Sequence[Anomaly], failed: Sequence[Check], money: Impact) -> str:
    """Whether an incident is good or bad news, both or neither.

    A wrong price is bad news, even where revenue rose; what a fault of the data or a cancelled
    order shows as good is none, and what came by another name is neither. Money that surely went
    the other way makes it both.
    """
    kinds = {a.favourability for a in members} - {NEUTRAL}
    plain = MIXED if len(kinds) > 1 else next(iter(kinds), NEUTRAL)
    blamed = {check.check_name for check in failed if _blames(check)}
    if PRICE_SLIP in blamed:
        return BAD
    if not blamed.isdisjoint(BY_ANOTHER_NAME):
        return NEUTRAL
    if blamed & {*FAULTS, "reversal"} or is_taken_back(money):
        return {MIXED: BAD, GOOD: NEUTRAL}.get(plain, plain)
    against = {GOOD: money.upper < 0, BAD: money.lower > 0}.get(plain, False)
    return MIXED if against else plain


def moves(lead: Anomaly, drivers: Sequence[DriverContribution], impact: Impact) -> Moves | None:
    """What moved net revenue; None where nothing is worth a word, or the money says otherwise.

    Where the money is not known, nobody knows either what made it.
    """
    whole = sorted((d for d in drivers if d.dimension == ALL), key=lambda d: -abs(d.contribution))
    total = sum(d.contribution for d in whole)
    if not APART.isdisjoint(lead.methods) or not is_known(impact) or not impact.value * total > 0:
        return None
    least = WORTH_A_WORD * sum(abs(d.contribution) for d in whole)
    told = [d for d in whole if abs(d.contribution) >= least]
    along = tuple(d for d in told if d.contribution * total > 0)
    against = tuple(d for d in told if d.contribution * total < 0)
    rest = sum(d.contribution for d in (*along, *against))
    return Moves(total, along, against) if rest * total > 0 else None


def goes_with(lead: Anomaly, total: float) -> bool:
    """Whether net revenue moved as the lead suggests; more returns mean less of it."""
    is_up = lead.change > 0
    return (total > 0) == (is_up if lead.kpi.direction != "down" else not is_up)


def is_certain(impact: Impact) -> bool:
    """Whether the money is beyond what such periods bring by chance."""
    return impact.lower > 0 or impact.upper < 0


def is_taken_back(impact: Impact) -> bool:
    """Whether later cancellations took back most of what was gained."""
    return impact.returned >= HALF * impact.value > 0


def is_undone(impact: Impact) -> bool:
    """Whether that was a gain beyond chance, of which a story says first that it was none."""
    return is_taken_back(impact) and is_certain(impact)


def is_known(impact: Impact) -> bool:
    """Whether there is a figure at all."""
    return math.isfinite(impact.value)
