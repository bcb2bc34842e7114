"""Doubts, said: what speaks for or against taking an incident at its word.

One order that makes the day, a cause that another baseline would not name, a fault in the data, an
order that was cancelled soon after: each is a row of its own, whatever the verdict.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detect import sayings
from detect.attribution import faults, one_order
from detect.attribution.cells import Cells
from detect.attribution.faults import CLEAR, NOT_TESTED, SUSPECTED, Fault
from detect.attribution.lines import Lines, Reversal
from detect.attribution.parts import SO_FAR, comparable
from detect.records import Anomaly, Attribution, Days, Doubt

FOUND, NONE = "found", "none"
STABLE, SHAKY = "stable", "shaky"
REVERSED_SHARE = 0.1
"""Share of the period's gross revenue from which a reversal matters to an incident."""


@dataclass(frozen=True)
class Material:
    """What doubts about one incident are raised on; `lines` are None where there are none to read.

    `past_prices` are by stock code; `names` are the products' descriptions.
    """

    cells: Cells
    usable: Days
    lines: Lines | None
    reversals: list[Reversal]
    past_prices: dict[str, tuple[float, ...]]
    names: dict[str, str]


def raise_doubts(lead: Anomaly, causes: list[Attribution], given: Material) -> list[Doubt]:
    """Every check on an incident, told from its lead anomaly and the causes of it."""
    found = {
        "reversal": _reversal(given),
        **_one_order(lead, given),
        "stability": _stability(causes),
        **_faults(lead, given),
    }
    return [
        Doubt(
            lead.incident_id,
            name,
            fault.verdict,
            sayings.say(name, fault.verdict, fault.figures, lead.kpi, given.names),
            fault.figures,
        )
        for name, fault in found.items()
    ]


def _reversal(given: Material) -> Fault:
    """The largest order line that was cancelled whole within the period."""
    if given.lines is None:
        return Fault(NOT_TESTED, {})
    gross = float(given.lines.amount[given.lines.is_sale].sum())
    largest = max(given.reversals, key=lambda r: r.amount, default=None)
    if largest is None or largest.amount < REVERSED_SHARE * gross:
        return Fault(NONE, {})
    return Fault(
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


def _one_order(lead: Anomaly, given: Material) -> dict[str, Fault]:
    """The KPI without its largest order, and without its largest customer."""
    lines = given.lines
    if lines is None:
        return {name: Fault(NOT_TESTED, {}) for name in ("one_order", "one_customer")}
    events = {
        "one_order": (one_order.orders(lines, given.reversals), lines.invoice.names, "invoice_no"),
        "one_customer": (one_order.customers(lines), lines.customer.names, "customer_id"),
    }
    out = {}
    for name, (event, names, key) in events.items():
        without = one_order.leave_one_out(lead, lines, event)
        if without is None:
            out[name] = Fault(NOT_TESTED, {})
            continue
        figures: dict[str, object] = {
            key: names[without.code],
            "amount": without.amount,
            "share": without.share,
            "actual": lead.actual,
            "without": without.actual,
            "lower": lead.lower,
            "upper": lead.upper,
        }
        out[name] = Fault(one_order.verdict(lead, without), figures)
    return out


def _stability(causes: list[Attribution]) -> Fault:
    """Whether other baselines name the first cause too."""
    if not causes or not np.isfinite(causes[0].stability):
        return Fault(NOT_TESTED, {})
    share = causes[0].stability
    return Fault(STABLE if share == 1 else SHAKY, {"share": share, "segment": causes[0].segment})


def _faults(lead: Anomaly, given: Material) -> dict[str, Fault]:
    """Signatures of faults in the data of the lead's period."""
    start = np.datetime64(lead.period_start)
    others = comparable(lead, given.usable)[0]
    whole_day = lead.grain == "daily" and SO_FAR not in lead.methods
    lines = given.lines
    return {
        "duplicate_load": Fault(NOT_TESTED, {}) if lines is None else faults.duplicate_load(lines),
        "price_slip": Fault(NOT_TESTED, {})
        if lines is None
        else faults.price_slip(lines, given.past_prices),
        "missing_ids": faults.missing_ids(given.cells, start, others),
        "missing_hours": faults.missing_hours(given.cells, start, others)
        if whole_day
        else Fault(NOT_TESTED, {}),
    }


def worth_telling(doubts: list[Doubt]) -> list[Doubt]:
    """Those that a reader should hear of; the table has them all."""
    quiet = {CLEAR, NONE, NOT_TESTED, STABLE, one_order.REMAINS}
    told = [d for d in doubts if d.verdict not in quiet]
    if any(d.check_name == "one_order" for d in told):
        told = [d for d in told if d.check_name != "one_customer"]
    return sorted(told, key=lambda d: d.verdict != SUSPECTED)
