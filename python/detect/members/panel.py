"""What every member of some dimensions sold in every period, as a sparse panel."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from detect.attribution.dimensions import Dimension, Months
from detect.records import PERIOD_DAYS, Bools, Days, Floats, Grain, Ints

AMOUNTS = ("orders", "lines", "revenue", "sales", "squares", "returns", "returned", "mispriced")


@dataclass(frozen=True)
class Sold:
    """What each member sold in a period, (M,) each.

    `orders` are the distinct orders with the member in them, `lines` their lines with it, `revenue`
    its net revenue, `sales` its gross revenue, `squares` the sum over these orders of its squared
    gross revenue; `returns` are the distinct orders that took it back, `returned` the money that
    went back, `mispriced` what it brought more (or less) by prices far from all of the months
    before.
    """

    orders: Floats
    lines: Floats
    revenue: Floats
    sales: Floats
    squares: Floats
    returns: Floats
    returned: Floats
    mispriced: Floats


@dataclass(frozen=True)
class Renaming:
    """A member that another one continues from its first day on.

    `old` and `new` are their numbers, `days` those by which it was known to be so, (D,).
    """

    old: int
    new: int
    since: np.datetime64
    days: Days


@dataclass(frozen=True)
class MemberPanel:
    """Members (M) of some dimensions over the periods of a grain (T), and the shop beside them.

    `dimension` numbers the dimension of each member, (M,). The amounts of `Sold` have an entry for
    each member and period with a sale or a return, (N,), in order of period: `start` says where
    each period begins, (T + 1,), `code` which member it is. `shop_orders`, `shop_lines`,
    `shop_revenue` (net) and `days` with trade are the shop's, (T,). Periods that are not `usable`
    (not over, not complete or without trade), (T,), are neither tested nor learned from.
    """

    grain: Grain
    dimensions: tuple[Dimension, ...]
    dimension: Ints
    member: tuple[str, ...]
    period: Days
    start: Ints
    code: Ints
    orders: Floats
    lines: Floats
    revenue: Floats
    sales: Floats
    squares: Floats
    returns: Floats
    returned: Floats
    mispriced: Floats
    shop_orders: Floats
    shop_lines: Floats
    shop_revenue: Floats
    days: Floats
    usable: Bools
    dead: Months = dataclasses.field(default_factory=dict)
    """Months in which the members of a dimension are not watched."""
    renamed: tuple[Renaming, ...] = ()
    """Members that another one continues."""

    @cached_property
    def places(self) -> dict[tuple[str, str], int]:
        """Number of each member, by dimension and name."""
        names = (self.dimensions[d].name for d in self.dimension)
        return {key: i for i, key in enumerate(zip(names, self.member, strict=True))}

    @cached_property
    def _moved(self) -> dict[np.datetime64, list[int]]:
        """Numbers of the members that another one continues, by day."""
        out: dict[np.datetime64, list[int]] = {}
        for one in self.renamed:
            for day in one.days:
                out.setdefault(day, []).append(one.old)
        return out

    def moved(self, t: int) -> list[int]:
        """Numbers of the members that another one continues by the end of the period at `t`."""
        return self._moved.get(self.period[t] + PERIOD_DAYS[self.grain] - 1, [])

    def sold(self, t: int) -> Sold:
        """What each member sold in the period at place `t`; nothing where there is no entry."""
        at = slice(int(self.start[t]), int(self.start[t + 1]))
        size = len(self.member)
        return Sold(*(sums_by(self.code[at], getattr(self, name)[at], size) for name in AMOUNTS))


def by_week(daily: MemberPanel, weeks: Days, usable: Bools) -> MemberPanel:
    """The same members by week.

    Args:
        daily: the panel by day; an order is one day's.
        weeks: the Mondays, in order without gaps, (T,); days outside of them are left out.
        usable: whether a week is complete and traded, (T,).
    """
    length = PERIOD_DAYS["weekly"]
    week_of = (daily.period - weeks[0]).astype(np.int64) // length
    inside = (week_of >= 0) & (week_of < weeks.size)
    day = np.repeat(np.arange(daily.period.size), np.diff(daily.start))
    kept = inside[day]
    key = week_of[day[kept]] * len(daily.member) + daily.code[kept]
    distinct, place = np.unique(key, return_inverse=True)
    week, code = np.divmod(distinct, max(len(daily.member), 1))

    def summed(amounts: Floats) -> Floats:
        return sums_by(place, amounts[kept], distinct.size)

    def of_shop(amounts: Floats) -> Floats:
        return sums_by(week_of[inside], amounts[inside], weeks.size)

    amounts: dict[str, Any] = {name: summed(getattr(daily, name)) for name in AMOUNTS}
    return dataclasses.replace(
        daily,
        grain="weekly",
        period=weeks,
        start=np.searchsorted(week, np.arange(weeks.size + 1)).astype(np.int64),
        code=code,
        shop_orders=of_shop(daily.shop_orders),
        shop_lines=of_shop(daily.shop_lines),
        shop_revenue=of_shop(daily.shop_revenue),
        days=of_shop(daily.days),
        usable=usable,
        **amounts,
    )


def sums_by(codes: Ints, amounts: Floats, size: int) -> Floats:
    """Amounts by code, (size,)."""
    return np.asarray(np.bincount(codes, amounts, size), dtype=np.float64)
