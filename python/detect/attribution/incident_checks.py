"""Checks of an incident: the evidence for and against it.

One order that makes the day, a cause that another baseline would not name, a data error, an order
that was cancelled soon after: each check is a row, whatever its verdict.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from detect.attribution import data_quality, leave_one_out
from detect.attribution.baselines import comparable
from detect.attribution.data_quality import CLEAR, NOT_TESTED, SUSPECTED, CheckResult, LineCounts
from detect.attribution.lines import Lines, Reversal, within
from detect.attribution.segments import Segments
from detect.records import PERIOD_TO_DATE, Anomaly, Attribution, Check, Days

FOUND, NONE = "found", "none"
STABLE, SHAKY = "stable", "shaky"
EVENTS = ("one_order", "one_customer")
"""Checks of which only the one that explains most is reported."""
OWN_LABEL = frozenset({"product", "customer_type"})
"""Dimensions whose members are not asked whether they go by another name: of many products some are
always new, and ids that are missing or others have checks of their own."""
OF_KNOWN_CUSTOMERS = frozenset({"new_customers", "repeat_customers"})
"""Measures that rest on who has bought before."""
REVERSED_SHARE = 0.1
"""Share of the period's gross revenue from which a reversal matters to an incident."""


@dataclass(frozen=True)
class CheckInputs:
    """Inputs of the checks of one incident; `lines` are None where there are none.

    `orders` are those of its period and the comparable ones, by type of customer, hour and the
    dimension that the lead is about, if any;
    `past_prices` are by stock code, `usual_duplicates` the shares of duplicate lines in comparable
    periods, among lines of customers with an id and among all. `line_counts` are of the period and
    then of comparable ones.
    """

    orders: Segments
    usable: Days
    lines: Lines | None
    reversals: list[Reversal]
    past_prices: dict[str, tuple[float, ...]]
    usual_duplicates: tuple[tuple[float, float], ...]
    line_counts: tuple[LineCounts, ...] = ()


def run_checks(
    lead: Anomaly, causes: list[Attribution], given: CheckInputs
) -> dict[str, CheckResult]:
    """Run every check on an incident, for its lead anomaly and the causes of it.

    A lasting change is never one order's, so its lead is not checked for one.
    """
    of_events = dataclasses.replace(given, lines=None) if lead.shift_start else given
    return {
        "reversal": _reversal(of_events),
        **_leave_one_out(lead, of_events),
        "stability": _stability(causes),
        **_data_quality(lead, given),
    }


def _reversal(given: CheckInputs) -> CheckResult:
    """The largest order line that was cancelled whole within the period."""
    if given.lines is None:
        return CheckResult(NOT_TESTED, {})
    gross = float(given.lines.amount[given.lines.is_sale].sum())
    largest = max(given.reversals, key=lambda r: r.amount, default=None)
    if largest is None or largest.amount < REVERSED_SHARE * gross:
        return CheckResult(NONE, {})
    return CheckResult(
        FOUND,
        {
            "quantity": largest.quantity,
            "product": largest.product,
            "customer_id": largest.customer_id,
            "minutes": largest.minutes,
            "amount": largest.amount,
            "share": largest.amount / gross,
            "sale_invoice_no": largest.sale_invoice,
            "cancellation_invoice_no": largest.cancellation_invoice,
        },
    )


def _leave_one_out(lead: Anomaly, given: CheckInputs) -> dict[str, CheckResult]:
    """The KPI without its largest order, and without its largest customer."""
    lines = given.lines
    if lines is None:
        return {name: CheckResult(NOT_TESTED, {}) for name in ("one_order", "one_customer")}
    events = {
        "one_order": (
            leave_one_out.orders(lines, given.reversals),
            lines.invoice.names,
            "invoice_no",
        ),
        "one_customer": (leave_one_out.customers(lines), lines.customer.names, "customer_id"),
    }
    out = {}
    for name, (event, names, key) in events.items():
        without = leave_one_out.leave_one_out(lead, lines, event)
        if without is None:
            out[name] = CheckResult(NOT_TESTED, {})
            continue
        details: dict[str, object] = {
            key: names[without.code],
            "amount": without.amount,
            "share": without.share,
            "actual": lead.actual,
            "without": without.actual,
            "explained": leave_one_out.explained(lead, without.actual),
            "lower": lead.lower,
            "upper": lead.upper,
        }
        out[name] = CheckResult(leave_one_out.verdict(lead, without), details)
    return out


def _stability(causes: list[Attribution]) -> CheckResult:
    """Whether other baselines name the first cause too."""
    if not causes or not np.isfinite(causes[0].stability):
        return CheckResult(NOT_TESTED, {})
    share = causes[0].stability
    return CheckResult(
        STABLE if share == 1 else SHAKY, {"share": share, "segment": causes[0].segment}
    )


def _data_quality(lead: Anomaly, given: CheckInputs) -> dict[str, CheckResult]:
    """Check the data of the lead's period for typical faults."""
    start = np.datetime64(lead.period_start)
    others = comparable(lead, given.usable)[0]
    whole_day = lead.grain == "daily" and PERIOD_TO_DATE not in lead.methods
    lines = given.lines
    ids = data_quality.missing_ids(given.orders, start, others)
    lacks_ids = ids.verdict == SUSPECTED
    return {
        "duplicate_load": CheckResult(NOT_TESTED, {})
        if lines is None
        else data_quality.duplicate_load(lines, given.usual_duplicates, lacks_ids=lacks_ids),
        "price_slip": CheckResult(NOT_TESTED, {})
        if lines is None
        else _price_slip(lead, lines, given.past_prices),
        "relabelled": _relabelled(lead, given, others),
        "unsold_lines": data_quality.unsold_lines(given.line_counts),
        "missing_ids": ids,
        "renumbered_ids": data_quality.renumbered_ids(given.orders, start, others)
        if _tells_customers_apart(lead)
        else CheckResult(NOT_TESTED, {}),
        "missing_hours": data_quality.missing_hours(given.orders, start, others)
        if whole_day
        else CheckResult(NOT_TESTED, {}),
    }


def _tells_customers_apart(lead: Anomaly) -> bool:
    """Whether a lead is about who has bought before: only that moves with other ids."""
    measures = {lead.kpi.numerator, lead.kpi.denominator}
    return "customer_type" in lead.within or not measures.isdisjoint(OF_KNOWN_CUSTOMERS)


def _relabelled(lead: Anomaly, given: CheckInputs, others: Days) -> CheckResult:
    """Check whether another member has the orders that the lead's lost, or lost those it has."""
    found = [
        data_quality.relabelled(given.orders, name, one, np.datetime64(lead.period_start), others)
        for name, one in lead.within.items()
        if name not in OWN_LABEL
    ]
    return found[0] if found else CheckResult(NOT_TESTED, {})


def _price_slip(lead: Anomaly, lines: Lines, past: dict[str, tuple[float, ...]]) -> CheckResult:
    """Check the prices of what the lead is about: another product's price says nothing of it."""
    kept = within(lead, lines)
    if kept is None:
        return CheckResult(NOT_TESTED, {})
    return data_quality.price_slip(dataclasses.replace(lines, is_sale=lines.is_sale & kept), past)


def failed_checks(checks: list[Check]) -> list[Check]:
    """Return the checks that speak against an incident; the table has all."""
    quiet = {CLEAR, NONE, NOT_TESTED, STABLE, leave_one_out.REMAINS}
    failed = [d for d in checks if d.verdict not in quiet]
    events = [d for d in failed if d.check_name in EVENTS]
    told = max(events, key=_explains, default=None)
    failed = [d for d in failed if d not in events or d is told]
    return sorted(failed, key=lambda d: d.verdict != SUSPECTED)


def _explains(check: Check) -> tuple[float, bool]:
    """How much of the change an order or a customer explains; of equals the order, the narrower."""
    share = min(float(str(check.details["explained"])), 1.0)
    return round(share, 2), check.check_name == "one_order"
