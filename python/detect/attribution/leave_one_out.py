"""Does the anomaly vanish without its largest order, or its largest customer?

An order and its cancellation are one event: to leave out only one of them would make things worse.
The event left out is, of the largest by money, by pieces and by what the KPI counts, the one that
matters most to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from detect.attribution.decomposition import sums
from detect.attribution.lines import Lines, Reversal, value, within
from detect.records import PERIOD_TO_DATE, Anomaly, Bools, Floats, Ints

CANDIDATES = 5
"""Largest events that are tried, by money, by pieces and by what the KPI counts each."""
AGREES = 1e-6
"""Relative difference up to which the lines give the KPI that the tables have."""
MAKES = 0.5
"""Share of the gap between actual and expected from which an event makes the anomaly."""
VANISHES, REMAINS = "vanishes", "remains"


@dataclass(frozen=True)
class Without:
    """The KPI without one event, `code`: its value, and the event's amount.

    `amount` is what the event sold, or took back where that is more; `share` is of all sales.
    """

    code: int
    actual: float
    amount: float
    share: float


def leave_one_out(anomaly: Anomaly, lines: Lines, event: Ints) -> Without | None:
    """Leave out the event that matters most to a KPI.

    None where lines don't give the KPI, or it is within its band anyway: such a finding
    stands on others.

    Args:
        anomaly: whose period the lines are of.
        lines: all of the period.
        event: number of each line's event; lines below 0 are never left out.
    """
    up = anomaly.direction == "up"
    is_beyond = anomaly.actual > anomaly.upper if up else anomaly.actual < anomaly.lower
    factor = _factor(anomaly, lines)
    turnover, pieces = _sizes(event, np.abs(lines.amount)), _sizes(event, np.abs(lines.quantity))
    if not (np.isfinite(factor) and turnover.size and is_beyond):
        return None
    sizes = (turnover, pieces, *_counts(anomaly, lines, event))
    largest = {int(i) for size in sizes for i in np.argsort(-size)[:CANDIDATES]}
    without = {i: factor * value(anomaly, lines, event != i) for i in sorted(largest)}
    known = {i: x for i, x in without.items() if np.isfinite(x)}
    if not known:
        return None
    best = min(known, key=lambda i: abs(known[i] - anomaly.expected))
    sold, back = (float(np.abs(lines.amount[(event == best) & s]).sum()) for s in sides(lines))
    gross = float(lines.amount[lines.is_sale].sum())
    amount = max(sold, back)
    return Without(best, known[best], amount, amount / gross if gross else float("nan"))


def sides(lines: Lines) -> tuple[Bools, Bools]:
    """Sale lines and return lines."""
    return lines.is_sale, ~lines.is_sale


def _factor(anomaly: Anomaly, lines: Lines) -> float:
    """From the lines' KPI to the table's: 1, or for an unfinished period what it was lowered by."""
    found = value(anomaly, lines, np.ones(lines.amount.size, dtype=bool))
    if PERIOD_TO_DATE in anomaly.methods and found:
        return anomaly.actual / found
    agrees = abs(found - anomaly.actual) <= AGREES * max(abs(anomaly.actual), 1.0)
    return 1.0 if agrees else float("nan")


def _sizes(event: Ints, amounts: Floats) -> Floats:
    inside = event >= 0
    return sums(event[inside], amounts[inside], int(event.max(initial=-1)) + 1)


def _counts(anomaly: Anomaly, lines: Lines, event: Ints) -> Iterator[Floats]:
    """What each event adds to the numbers that a KPI is made of, where any adds more than one."""
    inside = within(anomaly, lines)
    for name in (anomaly.kpi.numerator, anomaly.kpi.denominator):
        codes = lines.counted.get(name or "")
        if codes is None or inside is None:
            continue
        counted = inside & (event >= 0) & (codes >= 0)
        each = np.unique(np.stack([event, codes], axis=1)[counted], axis=0)[:, 0]
        number = np.bincount(each, minlength=int(event.max(initial=-1)) + 1)
        if number.max(initial=0) > 1:
            yield number.astype(np.float64)


def verdict(anomaly: Anomaly, without: Without) -> str:
    """Whether the anomaly vanishes: the event makes MAKES of it, and the rest is in the band.

    The rest of an unfinished period may be as low as it likes: more of it is to come.
    """
    low = -np.inf if PERIOD_TO_DATE in anomaly.methods else anomaly.lower
    inside = low <= without.actual <= anomaly.upper
    return VANISHES if inside and explained(anomaly, without.actual) >= MAKES else REMAINS


def explained(anomaly: Anomaly, without: float) -> float:
    """Share of the gap between actual and expected that is gone without an event."""
    return (anomaly.actual - without) / anomaly.change if anomaly.change else 0.0


def orders(lines: Lines, reversals: list[Reversal]) -> Ints:
    """Number of each line's order, a cancellation having the number of what it cancels."""
    number = {name: i for i, name in enumerate(lines.invoice.names)}
    event = np.arange(len(lines.invoice.names))
    for one in sorted(reversals, key=lambda r: r.amount):
        if one.sale_invoice in number and one.cancellation_invoice in number:
            event[number[one.cancellation_invoice]] = number[one.sale_invoice]
    return event[lines.invoice.codes]


def customers(lines: Lines) -> Ints:
    """Number of each line's customer; -1 for guests."""
    return np.where(lines.is_known, lines.customer.codes, -1)
