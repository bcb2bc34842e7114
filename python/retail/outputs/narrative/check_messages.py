"""Failed checks in words: every number is one of the check's own figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detect.attribution.data_quality import CLEAR, NOT_TESTED, CheckResult
from detect.attribution.incident_checks import NONE, STABLE
from detect.attribution.leave_one_out import VANISHES
from detect.records import Anomaly, Check, Kpi
from retail.formatting import amount, count, percent, price, product, quantity, times, whole
from retail.formatting import segment as in_words

Figures = Mapping[str, object]
Names = Mapping[str, str]
HOUR, DAY = 60, 1440
FEWEST_ORDERS = 20
"""Orders below which a share of them is written as counts; chosen by hand."""


def describe(lead: Anomaly, results: Mapping[str, CheckResult], names: Names) -> list[Check]:
    """Every check on an incident with its sentence.

    Args:
        lead: the incident's lead anomaly.
        results: what each check came to, by its name.
        names: descriptions of products by stock code.
    """
    return [
        Check(
            lead.incident_id,
            name,
            result.verdict,
            message(name, result.verdict, result.details, lead.kpi, names),
            result.details,
        )
        for name, result in results.items()
    ]


def message(check: str, verdict: str, details: Figures, kpi: Kpi, names: Names) -> str:
    """A check on an incident in one sentence.

    Args:
        check: name of the check.
        verdict: what it came to.
        details: what it was decided by.
        kpi: that of the lead.
        names: descriptions of products by stock code.
    """
    if verdict == NOT_TESTED:
        return "Not tested: too little is known."
    return _MESSAGES[check](verdict, details, kpi, names)


def _reversal(verdict: str, details: Figures, kpi: Kpi, names: Names) -> str:
    if verdict == NONE:
        return "No large order was cancelled within the period."
    pieces, what = quantity(_number(details["quantity"])), product(str(details["product"]), names)
    return (
        f"{pieces} pieces of {what} were ordered by customer {details['customer_id']} "
        f"and cancelled {_after(details['minutes'])} later."
    )


def _after(minutes: object) -> str:
    number = int(str(minutes))
    size, word = next(
        ((size, word) for size, word in ((DAY, "day"), (HOUR, "hour")) if number >= 2 * size),
        (1, "minute"),
    )
    return count(number // size, word)


def _one_event(what: str) -> Callable[[str, Figures, Kpi, Names], str]:
    key = "invoice_no" if what == "order" else "customer_id"

    def message(verdict: str, details: Figures, kpi: Kpi, names: Names) -> str:
        name = f"{key.split('_')[0]} {details[key]}"
        came_to = amount(_number(details["without"]), kpi.unit)
        if verdict == VANISHES:
            worth = amount(_number(details["amount"]), kpi.money)
            return f"One {what} makes it: without {name} ({worth} in all) it would be {came_to}."
        return f"It does not hang on one {what}: without {name} it would have been {came_to}."

    return message


def _stability(verdict: str, details: Figures, kpi: Kpi, names: Names) -> str:
    segment = details["segment"]
    named = in_words(segment, names, full=True) if isinstance(segment, dict) else str(segment)
    if verdict == STABLE:
        return f"Compared with the week before, or with the eight before, it is still {named}."
    if not _number(details["share"]):
        return "Compared with the week before, or with the eight before, it is another cause."
    return "Compared with the week before, or with the eight before, it may be another cause."


def _duplicate_load(verdict: str, details: Figures, kpi: Kpi, names: Names) -> str:
    share, usual = (percent(_number(details[name])) for name in ("share", "usual"))
    if verdict == CLEAR:
        return (
            f"{share} of the sale lines come more than once, usually {usual}: nothing was loaded "
            "twice."
        )
    return (
        f"The data may have been loaded twice: {share} of the {_whole(details['lines'])} sale "
        f"lines come again with the same customer, product, quantity and price (usually {usual})."
    )


def _price_slip(verdict: str, details: Figures, kpi: Kpi, names: Names) -> str:
    if verdict == CLEAR:
        return "Prices are about what they usually are."
    sold, usual = (price(_number(details[name]), kpi.money) for name in ("price", "usual"))
    factor = _number(details["factor"])
    often = f", {times(factor)} times an earlier price of " if factor > 1 else " after "
    slip = " a slip of the price unit," if details["is_unit_slip"] else ""
    products = int(str(details["products"]))
    where = f", all in country {details['country']}" if "country" in details else ""
    others = f"; {products} products are priced like that{where}" if products > 1 else ""
    return (
        f"A price may be wrong:{slip} {product(str(details['product']), names)} was sold at "
        f"{sold}{often}{usual}{others}."
    )


def _missing_ids(verdict: str, details: Figures, kpi: Kpi, names: Names) -> str:
    share, usual = percent(_number(details["share"])), percent(_number(details["usual"]))
    orders = _number(details["orders"])
    part = f"{share} of the orders"
    if orders < FEWEST_ORDERS:
        part = f"{_whole(details['without'])} of {_whole(orders)} orders"
    if verdict == CLEAR:
        return f"{part} have no customer id, where {usual} is usual."
    return f"Customer ids may be missing: {part} have none, where {usual} is usual."


def _renumbered_ids(verdict: str, details: Figures, kpi: Kpi, names: Names) -> str:
    share, usual = percent(_number(details["share"])), percent(_number(details["usual"]))
    part = f"{share} of the {_whole(details['orders'])} orders with a customer id"
    if verdict == CLEAR:
        return f"{part} are of new customers, where {usual} is usual."
    return f"Customer ids may have changed: {part} are of new customers, where {usual} is usual."


def _missing_hours(verdict: str, details: Figures, kpi: Kpi, names: Names) -> str:
    share = percent(_number(details["share"]))
    if verdict == CLEAR:
        return f"No hours are missing that usually bring more than {share} of the orders."
    absent = (
        f"nothing came in {details['hours']} of the usual hours "
        f"({details['first']}:00 to {details['last']}:59), which bring {share} of the orders"
    )
    if "moved" not in details:
        return f"A part of the day may be missing: {absent}."
    moved = percent(_number(details["moved"]))
    return f"The clock may be off: {absent}, but {moved} came in hours that usually have none."


def _relabelled(verdict: str, details: Figures, kpi: Kpi, names: Names) -> str:
    if verdict == CLEAR:
        return "No other member has about as many orders more or fewer."
    mine, other = (
        in_words({str(details["dimension"]): str(details[name])}, names, full=True)
        for name in ("member", "other")
    )
    change, of_other = (_number(details[name]) for name in ("change", "change_of_other"))
    ways = ("more", "fewer") if change > 0 else ("fewer", "more")
    return (
        f"Orders may go by another name: {mine} had {_whole(abs(change))} orders {ways[0]} than "
        f"usual and {other} {_whole(abs(of_other))} {ways[1]}, while the shop had as many as usual."
    )


def _unsold_lines(verdict: str, details: Figures, kpi: Kpi, names: Names) -> str:
    share, usual = percent(_number(details["share"])), percent(_number(details["usual"]))
    if verdict == CLEAR:
        return f"{share} of the order lines are no sales, where {usual} is usual."
    adjustments, returns = (_whole(details[name]) for name in ("adjustments", "returns"))
    return (
        f"Sales may be recorded wrongly: {share} of the {_whole(details['lines'])} order lines are "
        f"none (usually {usual}), {adjustments} as they have no price or no quantity, or are "
        f"adjustments by their number, and {returns} as returns."
    )


def _whole(value: object) -> str:
    return whole(_number(value))


def _number(value: object) -> float:
    return float(str(value))


_MESSAGES: dict[str, Callable[[str, Figures, Kpi, Names], str]] = {
    "reversal": _reversal,
    "one_order": _one_event("order"),
    "one_customer": _one_event("customer"),
    "stability": _stability,
    "duplicate_load": _duplicate_load,
    "price_slip": _price_slip,
    "missing_ids": _missing_ids,
    "renumbered_ids": _renumbered_ids,
    "missing_hours": _missing_hours,
    "unsold_lines": _unsold_lines,
    "relabelled": _relabelled,
}
