"""Kinds of incidents, planted into the order lines of a `MemoryShop`: a day's, and lasting ones.

Each kind gives the size that chance chose for it, or None where the day has nothing to disturb.
Sizes go from hardly visible to plain.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import numpy as np

from lab.evaluate.memory_shop import MemoryShop

Disturb = Callable[[MemoryShop, dt.date, np.random.Generator], float | None]
LINES = "marts.fct_kpi_lines"
RECENT = 60
"""Days before an incident that orders are repeated from."""
MONEY = (
    "unit_price", "amount", "gross_revenue", "net_revenue",
    "top_product_revenue_daily", "top_product_revenue_weekly",
)  # fmt: skip
SIZES = ("quantity", "units", *MONEY[1:])
DECIMAL = "decimal(27, 8)"
FACTORS = (0.3, 0.5, 0.7, 0.8, 1.3, 1.6, 2.2)
"""Of a day's prices."""
LEAST_ORDERS = 20
"""Orders of a year from which a country's surge is planted."""


def _run(shop: MemoryShop, query: str, *values: object) -> list[tuple[object, ...]]:
    return shop.connection.execute(query, list(values)).fetchall()


def _number(shop: MemoryShop, query: str, *values: object) -> float:
    ((value,),) = _run(shop, query, *values)
    return float(str(value or 0))


def _drop(shop: MemoryShop, where: str, share: float, key: str, salt: object) -> None:
    """Take away a share of the lines of a kind, whole orders where `key` is their number."""
    _run(shop, f"delete from {LINES} where {where} and hash({key}, ?) % 1000 < ?",  # noqa: S608
         str(salt), int(1000 * share))  # fmt: skip


def _multiply(shop: MemoryShop, where: str, columns: Sequence[str], factor: float) -> None:
    changes = ", ".join(f"{name} = cast({factor} * {name} as {DECIMAL})" for name in columns)
    _run(shop, f"update {LINES} set {changes} where {where}")  # noqa: S608


def _on(day: dt.date) -> str:
    return f"order_date = date '{day}' and line_type = 'sale'"


def _since(day: dt.date) -> str:
    return f"order_date >= date '{day}'"


def recent(shop: MemoryShop, day: dt.date, where: str = "true") -> list[str]:
    """Sales invoices of the last weeks."""
    rows = _run(
        shop,
        f"""
        select invoice_no from base
        where line_type = 'sale' and {where}
            and order_date between date '{day}' - {RECENT} and date '{day}' - 1
        group by 1 having sum(net_revenue) > 0 order by 1
        """,  # noqa: S608
    )
    return [str(name) for (name,) in rows]


def repeat(
    shop: MemoryShop, day: dt.date, orders: Sequence[str], *, by_new_customers: bool = False
) -> None:
    """Place past orders on a day once more."""
    new = """
        , 'new ' || dealt.nth as customer_id, 1 as order_number, true as is_first_order,
        'new' as customer_type
    """
    shop.connection.register(
        "dealt", {"of": np.array(orders, dtype=object), "nth": np.arange(len(orders))}
    )
    _run(
        shop,
        f"""
        insert into {LINES}
        select base.* replace (
            date '{day}' as order_date, 'repeated {day} ' || dealt.nth as invoice_no
            {new if by_new_customers else ""}
        )
        from dealt inner join base on base.invoice_no = dealt.of
        """,  # noqa: S608
    )
    shop.connection.unregister("dealt")


def orders(shop: MemoryShop, day: dt.date) -> float:
    """Orders of a day, undisturbed."""
    return _number(shop, f"select count(distinct invoice_no) from base where {_on(day)}")  # noqa: S608


def outage(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float:
    """A share of the day's orders never arrives."""
    share = float(rng.uniform(0.3, 0.95))
    _drop(shop, _on(day), share, "invoice_no", rng.integers(1 << 30))
    return share


def half_day(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float:
    """The data of the day stop at an hour."""
    hour = int(rng.integers(11, 15))
    _run(shop, f"delete from {LINES} where order_date = date '{day}' and hour >= {hour}")  # noqa: S608
    return float(hour)


def surge(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float | None:
    """More orders than usual."""
    return _more(shop, day, rng, by_new_customers=False)


def campaign(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float | None:
    """Orders of customers never seen before."""
    return _more(shop, day, rng, by_new_customers=True)


def _more(
    shop: MemoryShop, day: dt.date, rng: np.random.Generator, *, by_new_customers: bool
) -> float | None:
    share, past = float(rng.uniform(0.3, 2.0)), recent(shop, day)
    count = max(1, int(share * orders(shop, day)))
    if not past:
        return None
    repeat(shop, day, rng.choice(past, count).tolist(), by_new_customers=by_new_customers)
    return share


def country(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float | None:
    """A country abroad orders far more than usual."""
    abroad = _run(shop, f"""
        select country from base where market = 'international'
        group by 1 having count(distinct invoice_no) > {LEAST_ORDERS} order by 1
    """)  # fmt: skip  # noqa: S608
    if not abroad:
        return None
    name = str(rng.choice([str(one) for (one,) in abroad]))
    past = recent(shop, day, f"country = '{name.replace(chr(39), chr(39) * 2)}'")
    share = float(rng.uniform(0.1, 0.5))
    if len(past) < 2:
        return None
    count = max(2, int(share * orders(shop, day)))
    repeat(shop, day, rng.choice(past, count).tolist())
    return share


def giant_order(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float | None:
    """One order worth up to four usual days."""
    times, past = float(rng.uniform(0.7, 4.0)), recent(shop, day)
    if not past:
        return None
    order = str(rng.choice(past))
    usual = _number(shop, f"""
        select sum(net_revenue) / count(distinct order_date) from base
        where order_date between date '{day}' - {RECENT} and date '{day}' - 1
    """)  # fmt: skip  # noqa: S608
    value = _number(shop, "select sum(net_revenue) from base where invoice_no = ?", order)
    factor = max(1, round(times * usual / max(value, 1.0)))
    larger = ", ".join(f"{factor} * {name} as {name}" for name in SIZES)
    _run(
        shop,
        f"""
        insert into {LINES}
        select * replace (date '{day}' as order_date, 'giant {day}' as invoice_no, {larger})
        from base where invoice_no = ?
        """,  # noqa: S608
        order,
    )
    return times


def returns(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float:
    """Goods of the week before come back."""
    share = float(rng.uniform(0.02, 0.2))
    _run(
        shop,
        f"""
        insert into {LINES}
        select * replace (
            date '{day}' as order_date, 'returned ' || invoice_no as invoice_no,
            'return' as line_type, -quantity as quantity, 0 as units, -amount as amount,
            0 as gross_revenue, amount as returned_revenue, -amount as net_revenue,
            0 as top_product_revenue_daily, 0 as top_product_revenue_weekly
        )
        from base
        where line_type = 'sale' and order_date between date '{day}' - 7 and date '{day}' - 1
            and hash(invoice_no, '{day}') % 1000 < ?
        """,  # noqa: S608
        int(1000 * share),
    )
    return share


def guests(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float:
    """Customer ids of a share of the orders are missing."""
    share = float(rng.uniform(0.2, 1.0))
    _run(shop, f"""
        update {LINES} set customer_id = null, order_number = null, is_first_order = false,
            customer_type = 'guest'
        where {_on(day)} and hash(invoice_no, 'guests') % 1000 < ?
    """, int(1000 * share))  # fmt: skip  # noqa: S608
    return share


def double_load(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float:
    """The day is loaded twice, the second time under other numbers."""
    del rng
    _run(shop, f"""
        insert into {LINES}
        select * replace ('again ' || invoice_no as invoice_no)
        from base where order_date = date '{day}'
    """)  # fmt: skip  # noqa: S608
    return 1.0


def missing_lines(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float:
    """A share of the lines of every order is missing: smaller baskets."""
    share = float(rng.uniform(0.3, 0.85))
    _drop(shop, _on(day), share, "invoice_no || product", rng.integers(1 << 30))
    return share


def prices(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float:
    """All prices of the day are other ones."""
    factor = float(rng.choice(FACTORS))
    _multiply(shop, _on(day), MONEY, factor)
    return factor


def no_new_customers(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float:
    """First orders never arrive."""
    del rng
    _run(shop, f"delete from {LINES} where {_on(day)} and is_first_order")  # noqa: S608
    return 1.0


OF_A_DAY: dict[str, Disturb] = {
    "orders missing": outage,
    "half a day": half_day,
    "more orders": surge,
    "campaign": campaign,
    "a country's surge": country,
    "a giant order": giant_order,
    "returns": returns,
    "customer ids missing": guests,
    "loaded twice": double_load,
    "lines missing": missing_lines,
    "other prices": prices,
    "no new customers": no_new_customers,
}


def _fewer_orders(share: float) -> Disturb:
    def disturb(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float:
        _drop(shop, _since(day), share, "invoice_no", rng.integers(1 << 30))
        return share

    return disturb


def _more_orders(share: float) -> Disturb:
    def disturb(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float:
        _run(shop, f"""
            insert into {LINES}
            select * replace ('more ' || invoice_no as invoice_no, 'more ' || customer_id
                as customer_id)
            from base where {_since(day)} and hash(invoice_no, ?) % 1000 < ?
        """, str(rng.integers(1 << 30)), int(1000 * share))  # fmt: skip  # noqa: S608
        return share

    return disturb


def _fewer_lines(share: float) -> Disturb:
    def disturb(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float:
        where = f"{_since(day)} and line_type = 'sale'"
        _drop(shop, where, share, "invoice_no || product", rng.integers(1 << 30))
        return share

    return disturb


def _lower_prices(share: float) -> Disturb:
    def disturb(shop: MemoryShop, day: dt.date, rng: np.random.Generator) -> float:
        del rng
        _multiply(shop, f"{_since(day)} and line_type = 'sale'", MONEY, 1 - share)
        return share

    return disturb


LASTING: dict[str, Disturb] = {
    "orders −40 %": _fewer_orders(0.4),
    "orders −30 %": _fewer_orders(0.3),
    "orders +60 %": _more_orders(0.6),
    "lines of an order −30 %": _fewer_lines(0.3),
    "prices −20 %": _lower_prices(0.2),
}
"""Changes that last until the end of the data."""
