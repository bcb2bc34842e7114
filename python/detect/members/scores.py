"""Chances of what each member sold, from its own past and the shop's orders of the same period.

Every figure of a period rests on the periods before it and on that period itself, so that a replay
as of a day gives what was known then.

Expected is what the member brought per order of the shop, times the shop's orders of this period.
Season, weekday and holidays move both and cancel; a memory of some weeks follows the rest. The
shop's orders include those with the member: without them, a category that is in most orders would
have nothing to be compared with. The lines of a member are held against the shop's lines alike.

Orders and lines follow a negative binomial law: Poisson around the expected value, which varies by
the member's own dispersion and by the uncertainty of few past orders. A category that loses most of
its lines is still in many orders, so that its lines show more. No law fits the tail of money, so
ordinary orders are bounded instead: at most `bound` large, whatever their distribution. Bennett's
inequality (1962) then limits the chance of any excess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from scipy import special

from detect.members.panel import MemberPanel, Sold, sums_by
from detect.records import PERIOD_DAYS, Bools, Floats, Grain

DECAY: dict[Grain, float] = {"daily": 0.98, "weekly": 0.9}
"""Memory per usable period: half of it is the last six to seven weeks; chosen by hand."""
WARM_UP: dict[Grain, int] = {"daily": 40, "weekly": 8}
"""Usable periods before the first test; chosen by hand."""
USUAL: dict[Grain, int] = {"daily": 28, "weekly": 8}
"""Usable periods whose median revenue is the shop's usual one; chosen by hand."""
RARE = 0.02
"""Amounts above the bound that ordinary orders bring to a dimension's members in a period; some of
them make a surge. Chosen on planted cases of 2009-10, of which a smaller one misses more."""
BOUND_FACTOR = 2.0
"""The bound in multiples of the member's root mean square order, where that is more; by hand."""
MOST = 0.5
"""Share of the shop's revenue above which a member is as good as the total, which is watched."""
FEWEST_ORDERS = 10.0
"""Orders within memory from which too few are tested; chosen by hand."""
LINES_AN_ORDER = 1.5
"""Lines per order of a member from which they say more than its orders do; chosen by hand."""
ORDERS_OF_LINES = 20.0
"""Expected orders of a period from which a member's lines are tested: of fewer, whole orders that
do not come are what is missing. Chosen by hand."""
FEWEST_BEFORE_SURGE = 3.0
"""Orders within memory from which too many are tested; chosen by hand."""
FEWEST_A_WEEK = 8.0
"""Expected orders of a period from which a disappearance is reported; chosen by hand."""
MANY_MEMBERS, FEWEST_OF_FEW = 100, 2.0
"""The same in a dimension of no more than so many members so far: of thousands of products some are
always gone, of countries none. With 2, 8 of 12 countries of 2 to 12 orders a week that stopped were
found in 2009-10 and 9 of 21 in 2010-11, with 8 one and three, at no more findings in either year.
"""
FEWEST_PERIODS: dict[Grain, float] = {"daily": 15.0, "weekly": 2.5}
"""Periods that the orders within memory are worth (Kish, 1965), from which too few are tested: a
week of many orders, and none before and after, is a surge that is over. By hand."""
DISPERSION: dict[Grain, float] = {"daily": 0.1, "weekly": 0.04}
"""Of a member's expected orders until its own past shows it: .04 was measured on products of the
public data with 15 orders a week or more."""
ORDINARY_DISPERSION = 0.06
"""The same of a silent member: its own is that of past gaps too, which are looked for. By hand."""
MONEY_DISPERSION = 0.02
"""The same of a member's expected money; chosen by hand."""
RETURNS_DISPERSION = 1.0
"""Relative variance of the orders that take a member back, which come in bunches; by hand."""
ONE_RETURN = 1.0
"""Return within memory that every member is taken to have had beside its own, so that the first one
is no surprise; chosen by hand."""
DISPERSION_WEIGHT = 50.0
"""Squared expected orders that DISPERSION counts for; chosen by hand."""
MOST_RETURNS = 10.0
"""Multiples of the expected returns at which they are cut off before they are learned; by hand."""
LARGEST = 4.0
"""Standard deviations at which a surprise is cut off before it is learned; chosen by hand."""
SMALLEST = 1e-12
"""Below this an amount is nothing."""
MANY_ORDERS, MUCH_MONEY, FEW_ORDERS, FEW_LINES, SILENCE, MANY_RETURNS, FAR_PRICE = (
    "member_orders", "member_revenue", "member_collapse", "member_lines", "member_disappearance",
    "member_returns", "member_price",
)  # fmt: skip
"""Tests, as `methods` names them: two of a surge, two of a collapse, one of a disappearance, one of
a wave of returns, one of a price far from all before."""


@dataclass(frozen=True)
class Forecasts:
    """What was known of each member before a period, with the shop's orders in it, (M,) each.

    `low` and `high` are the least and the most orders that were to be expected, with those that the
    shop usually has or has, `low_lines` the least lines; `sales` and `revenue` are gross and net
    money. `single` is the variance that the amounts of single orders give to sales, `variance` all
    of it, `bound` the largest ordinary order, `silent` the orders expected since the last one.
    `returns` are orders that take it back, `returned` their money.
    """

    orders: Floats
    dispersion: Floats
    lines: Floats
    line_dispersion: Floats
    sales: Floats
    revenue: Floats
    single: Floats
    variance: Floats
    bound: Floats
    silent: Floats
    returns: Floats
    returned: Floats
    low: Floats
    high: Floats
    low_lines: Floats


@dataclass(frozen=True)
class Scores:
    """One tested period: what was sold, what was expected, and the chance by test, (M,) each.

    A chance is NaN where a member was not tested. `place` is the period's, `usual` the shop's usual
    net revenue of a day of trade.
    """

    place: int
    usual: float
    sold: Sold
    ahead: Forecasts
    chances: dict[str, Floats]


@dataclass(frozen=True)
class _Past:
    """Exponential sums of each member's past, and of the whole shop's, (M,) each."""

    shop_orders: Floats
    shop_lines: Floats
    shop_revenue: Floats
    orders: Floats
    order_squares: Floats
    surprise: Floats
    scale: Floats
    lines: Floats
    line_surprise: Floats
    line_scale: Floats
    sales: Floats
    revenue: Floats
    squares: Floats
    money_surprise: Floats
    money_scale: Floats
    silent: Floats
    paid: Floats
    logs: Floats
    log_squares: Floats
    returns: Floats
    returned: Floats


def walk(panel: MemberPanel, gaps: Mapping[int, Floats] | None = None) -> Iterator[Scores]:
    """Score the members in one usable period after the other, once the warm-up is over.

    Args:
        panel: the members.
        gaps: by place of the period, the orders expected of each member since its last one, (M,),
            where a finer grain knows better.
    """
    usual = usual_day(panel)
    orders, lines = (_usual(panel, each) for each in (panel.shop_orders, panel.shop_lines))
    past = _Past(*np.zeros((len(fields(_Past)), len(panel.member))))
    for nth, t in enumerate(map(int, np.flatnonzero(panel.usable))):
        sold = panel.sold(t)
        ahead = _forecast(past, sold, panel, t, float(orders[t]), float(lines[t]))
        if gaps and t in gaps:
            ahead = replace(ahead, silent=np.where(sold.orders > 0, 0.0, gaps[t]))
        if nth < WARM_UP[panel.grain]:
            ahead = replace(ahead, bound=np.full_like(ahead.bound, np.inf))
        else:
            yield Scores(t, float(usual[t]), sold, ahead, _chances(past, sold, ahead, panel))
        past = _learn(past, panel, t, sold, ahead)


def usual_day(panel: MemberPanel) -> Floats:
    """Median revenue per day of trade in the usable periods before each, (T,); NaN without any."""
    out, length = np.full(panel.period.size, np.nan), USUAL[panel.grain]
    places = np.flatnonzero(panel.usable)
    known = panel.shop_revenue[places] / np.maximum(panel.days[places], 1.0)
    out[places] = _median_before(known, length)
    return out


def _usual(panel: MemberPanel, of_shop: Floats) -> Floats:
    """Median of the shop's orders or lines in the usable periods before each, of its weekday, (T,).

    Where there were too few, it is the period's own.
    """
    out, length = of_shop.copy(), USUAL["weekly"]
    weekday = panel.period.astype(np.int64) % PERIOD_DAYS["weekly"]
    for one in np.unique(weekday):
        places = np.flatnonzero(panel.usable & (weekday == one))
        medians = _median_before(of_shop[places], length)
        out[places[length // 2 :]] = medians[length // 2 :]
    return out


def _median_before(values: Floats, length: int) -> Floats:
    """Median of the last values before each, (N,); NaN before the first."""
    medians = [
        np.median(values[max(i - length, 0) : i]) if i else np.nan for i in range(len(values))
    ]
    return np.array(medians, dtype=np.float64)


def _forecast(
    past: _Past, sold: Sold, panel: MemberPanel, t: int, usual_orders: float, usual_lines: float
) -> Forecasts:
    """Expect of every member what it brought per order of the shop, and its share of the lines.

    What the whole shop does is no news about a member, so that a rise or fall must be one against
    the orders that were usual, too: `high` and `low` are the orders expected then.
    """
    share = panel.shop_orders[t] / np.maximum(past.shop_orders, SMALLEST)
    usual = usual_orders / np.maximum(past.shop_orders, SMALLEST)
    low, high = (past.orders * pick(share, usual) for pick in (np.minimum, np.maximum))
    orders, sales = past.orders * share, past.sales * share
    of_lines = past.lines / np.maximum(past.shop_lines, SMALLEST)
    single = past.squares * share
    typical = np.sqrt(past.squares / np.maximum(past.orders, 1.0))
    return Forecasts(
        orders=orders,
        dispersion=_dispersion(past, panel.grain, past.surprise, past.scale),
        lines=of_lines * panel.shop_lines[t],
        line_dispersion=_dispersion(past, panel.grain, past.line_surprise, past.line_scale),
        sales=sales,
        revenue=past.revenue * share,
        single=single,
        variance=single + _money_dispersion(past) * sales**2,
        bound=np.maximum(_largest_ordinary(past, orders, panel), BOUND_FACTOR * typical),
        silent=np.where(sold.orders > 0, 0.0, past.silent + orders),
        low=low,
        high=high,
        low_lines=of_lines * min(panel.shop_lines[t], usual_lines),
        returns=(past.returns + ONE_RETURN) * share,
        returned=past.returned * share,
    )


def _largest_ordinary(past: _Past, orders: Floats, panel: MemberPanel) -> Floats:
    """The amount that ordinary orders exceed RARE times a period in a member's dimension, (M,).

    A log-normal law of what an order brings one member, with the mean and the variance of the
    logarithms so far, on which single giants weigh little. Members that are as good as the total
    are left out: what is ordinary for them may be large for the others.
    """
    rest = past.revenue <= MOST * past.shop_revenue

    def total(amounts: Floats) -> Floats:
        return sums_by(panel.dimension, np.where(rest, amounts, 0.0), len(panel.dimensions))

    count = np.maximum(total(past.paid), SMALLEST)
    mean = total(past.logs) / count
    spread = np.sqrt(np.maximum(total(past.log_squares) / count - mean**2, 0.0))
    chance = np.clip(RARE / np.maximum(total(orders), SMALLEST), SMALLEST, 0.5)
    largest = np.exp(mean - spread * special.ndtri(chance))
    return np.asarray(largest[panel.dimension])


def _dispersion(past: _Past, grain: Grain, surprise: Floats, scale: Floats) -> Floats:
    """Relative variance of an expected number: its own, and what few past orders leave open."""
    prior = DISPERSION_WEIGHT * DISPERSION[grain]
    own = (surprise + prior) / (scale + DISPERSION_WEIGHT)
    return np.maximum(own, DISPERSION[grain] / 4) + 1 / np.maximum(past.orders, 1.0)


def _money_dispersion(past: _Past) -> Floats:
    """Relative variance of the expected money, beyond what amounts of single orders make of it."""
    prior = DISPERSION_WEIGHT * MONEY_DISPERSION
    own = (past.money_surprise + prior) / (past.money_scale + DISPERSION_WEIGHT)
    return np.maximum(own, MONEY_DISPERSION / 4)


def _chances(past: _Past, sold: Sold, ahead: Forecasts, panel: MemberPanel) -> dict[str, Floats]:
    """Chances of one period by test, (M,) each; NaN where a member is not tested."""
    seen = (past.orders > 0) | (sold.orders > 0)
    members = np.bincount(panel.dimension[past.orders > 0], minlength=len(panel.dimensions))
    is_many = members[panel.dimension] > MANY_MEMBERS
    fewest = np.where(is_many, FEWEST_A_WEEK, FEWEST_OF_FEW)
    judged = seen & (past.revenue <= MOST * past.shop_revenue)
    is_steady = past.orders**2 >= FEWEST_PERIODS[panel.grain] * past.order_squares
    counted = judged & is_steady & (past.orders >= FEWEST_ORDERS)
    known = judged & (past.orders >= FEWEST_BEFORE_SURGE)
    dispersion, low, high = ahead.dispersion, ahead.low, ahead.high
    lined = counted & (past.lines >= LINES_AN_ORDER * past.orders) & (low >= ORDERS_OF_LINES)
    ordinary = ORDINARY_DISPERSION + 1 / np.maximum(past.orders, 1.0)
    excess = sold.sales - ahead.sales * high / np.maximum(ahead.orders, SMALLEST)
    return {
        MANY_ORDERS: _where(known, p_at_least(sold.orders, high, dispersion)),
        MUCH_MONEY: _where(judged, bennett(excess, ahead.variance, ahead.bound)),
        FEW_ORDERS: _where(counted, p_at_most(sold.orders, low, dispersion)),
        FEW_LINES: _where(lined, p_at_most(sold.lines, ahead.low_lines, ahead.line_dispersion)),
        SILENCE: _where(
            counted & (ahead.orders >= fewest), unbroken(ahead.silent, dispersion=ordinary)
        ),
        MANY_RETURNS: _where(
            judged, p_at_least(sold.returns, ahead.returns, np.full_like(low, RETURNS_DISPERSION))
        ),
    }


def _where(judged: Bools, chances: Floats) -> Floats:
    return np.where(judged, chances, np.nan)


def p_at_least(count: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """Chance of so many or more in a negative binomial law, by its regularised beta integral."""
    size = 1 / dispersion
    chance = special.betainc(np.maximum(count, 1.0), size, mean / (size + mean))
    return np.asarray(np.where(count > 0, chance, 1.0))


def p_at_most(count: Floats, mean: Floats, dispersion: Floats) -> Floats:
    """Chance of so few or fewer in a negative binomial law."""
    size = 1 / dispersion
    return np.asarray(special.betainc(size, count + 1.0, size / (size + mean)))


def unbroken(silent: Floats, dispersion: Floats) -> Floats:
    """Chance of no order where so many were expected since the last one; 1 if that was just now."""
    return p_at_most(np.zeros_like(silent), silent, dispersion)


def bennett(excess: Floats, variance: Floats, bound: Floats) -> Floats:
    """Bennett's bound on the chance that a sum exceeds its mean by `excess`.

    Args:
        excess: above the mean.
        variance: of the sum.
        bound: the largest that a term can be.
    """
    variance = np.maximum(variance, SMALLEST)
    u = bound * np.maximum(excess, 0.0) / variance
    exponent = variance / np.maximum(bound, SMALLEST) ** 2 * ((1 + u) * np.log1p(u) - u)
    return np.asarray(np.exp(-exponent))


def _learn(past: _Past, panel: MemberPanel, t: int, sold: Sold, ahead: Forecasts) -> _Past:
    """Fade the past and add a period; surprises and giant orders count as far as the limits."""
    decay = DECAY[panel.grain]
    known, most = past.orders > 0, np.maximum(sold.orders, 1.0) * ahead.bound
    count = _surprise(sold.orders, ahead.orders, ahead.dispersion)
    lines = _surprise(sold.lines, ahead.lines, ahead.line_dispersion)
    sales = np.minimum(sold.sales, most)
    money = np.minimum((sales - ahead.sales) ** 2, LARGEST**2 * ahead.variance)
    typical = np.maximum(past.squares / np.maximum(past.orders, 1.0), SMALLEST)
    paid = np.where(sold.sales > 0, sold.orders, 0.0)
    logs = np.log(np.where(paid > 0, sold.sales / np.maximum(paid, 1.0), 1.0))
    return _Past(
        shop_orders=decay * past.shop_orders + panel.shop_orders[t],
        shop_lines=decay * past.shop_lines + panel.shop_lines[t],
        shop_revenue=decay * past.shop_revenue + panel.shop_revenue[t],
        orders=decay * past.orders + sold.orders,
        order_squares=decay * past.order_squares + sold.orders**2,
        surprise=decay * past.surprise + np.where(known, count, 0.0),
        scale=decay * past.scale + ahead.orders**2,
        lines=decay * past.lines + sold.lines,
        line_surprise=decay * past.line_surprise + np.where(known, lines, 0.0),
        line_scale=decay * past.line_scale + ahead.lines**2,
        sales=decay * past.sales + sales,
        revenue=decay * past.revenue + np.clip(sold.revenue, -most, most),
        squares=decay * past.squares + np.minimum(sold.squares, most * ahead.bound),
        money_surprise=decay * past.money_surprise
        + np.where(known, (money - ahead.single) / typical, 0.0),
        money_scale=decay * past.money_scale + np.where(known, ahead.sales**2 / typical, 0.0),
        silent=ahead.silent,
        paid=decay * past.paid + paid,
        logs=decay * past.logs + paid * logs,
        log_squares=decay * past.log_squares + paid * logs**2,
        returns=decay * past.returns + np.minimum(sold.returns, MOST_RETURNS * ahead.returns),
        returned=decay * past.returned + sold.returned,
    )


def _surprise(count: Floats, expected: Floats, dispersion: Floats) -> Floats:
    """Squared distance of a number from what was expected, beyond Poisson's, up to LARGEST."""
    variance = expected + dispersion * expected**2
    return np.minimum((count - expected) ** 2, LARGEST**2 * variance) - expected
