"""Members, judged: incidents planted in one member's order lines, in memory.

Each copy of a shop's order lines gets some incidents of known members, and is judged by the
members' findings alone. What the undisturbed copy shows too counts neither as found nor as false.

The null deals the shop's own orders anew: each day draws its orders from the whole year, without
those that are a surge by themselves. Their number is what is usual of the weekday in the weeks
around it, as far off as that of another day is; what is far off is itself an incident, and brought
nearer.
"""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np

from detect import calendar, members
from detect.attribution.dimensions import TOGETHER
from detect.calendar import TradingCalendar
from detect.members import MemberPanel
from detect.members.findings import LEAST_SURGE
from detect.members.scores import usual_day
from detect.records import PERIOD_DAYS, Anomaly, Days, Floats, Grain, Inputs, Ints
from lab.evaluate.intervals import NONE, Blocks, blocks, of_incidents
from lab.evaluate.measure import found_in, workspace
from lab.evaluate.shops import Shop
from retail.ingest.sql import copy_to_parquet
from retail.jobs.daily.build import TABLES_ONLY, build
from retail.jobs.detection import store
from retail.jobs.detection.store.members import member_panels, watched
from retail.reading.measures import read_member_columns
from retail.storage.quoting import identifier, literal

SURGE, STOP, SLOW_STOP, COUNTRY, COLLAPSE, THINNER, RETURNS, PRICE = (
    "one product in one country, one day",
    "a product of 15 orders a week stops",
    "a product of 8 to 15 orders a week stops",
    "a country's day",
    "80 % of a category's orders without it for a week",
    "60 % of a category's lines missing for a week",
    "a product of the last weeks sent back, one day",
    "a product at ten times its price, one day",
)
PER_COPY = {
    SURGE: 6,
    STOP: 5,
    SLOW_STOP: 5,
    COUNTRY: 3,
    COLLAPSE: 2,
    THINNER: 2,
    RETURNS: 4,
    PRICE: 4,
}
LEAST_MONEY = 0.05
"""Share of the shop's usual day that a wave of returns or a wrong price is at least about."""
PRICE_FACTOR = 10
TIMES, SHARE = 20.0, 0.1
"""An incident is obvious one level down where the member's day is so many times its mean day so
far, and this share of the shop's usual day."""
LARGER = 1.5
"""Surges are planted from that size to this many times it."""
FIRST_DAY = 70
"""Trading days before the first incident."""
RECENT_DAYS = 56
"""Days that say how often a product is ordered; a country must have been seen in them."""
STOP_DAYS, WITHIN = 28, 14
"""Days that a product is gone, and within which it should be found."""
LEAST_PRODUCT_ORDERS = 5.0
MOST_ORDERS = 40
"""Past orders that a country's surge is made of, at most."""
NEAREST, TWO_SIGMAS = 4, 2 * 1.4826
"""In the null: weeks on either side that a day's number of orders is held against, and the median
distances from them that are two standard deviations of a normal law."""
Order = tuple[str, dt.date, float]
ORDERS = """
    select invoice_no, min(order_date), cast(sum(net_revenue) as double)
    from {lines} group by invoice_no order by invoice_no
"""
"""Orders and returns, each of one day."""
USUAL_REVENUE = """
    select quantile_cont(revenue, 0.1) from (
        select cast(sum(net_revenue) as double) as revenue
        from built.marts.fct_kpi_lines group by order_date
    )
"""
"""Net revenue of a weak day."""
RAW = """
    select
        cast(600000 + dealt.nth as varchar) as invoice_no, lines.product as stock_code,
        lines.description, cast(lines.quantity as varchar) as quantity,
        strftime(
            cast(dealt.day as date) + (lines.ordered_at - lines.order_date), '%Y-%m-%d %H:%M:%S'
        ) as invoice_date,
        cast(lines.unit_price as varchar) as unit_price, lines.customer_id, lines.country
    from dealt
    inner join built.marts.fct_kpi_lines as lines on lines.invoice_no = dealt.of
"""
"""Dealt order lines in the form of the public data set."""


@dataclass(frozen=True)
class MemberScale:
    """How much to do: disturbed copies, null copies, null copies through the whole product."""

    copies: int
    nulls: int
    wholes: int
    seed: int


@dataclass(frozen=True)
class Year:
    """A shop's year: its definitions, and a database in memory with its order lines as `base`."""

    name: str
    inputs: Inputs
    trading: TradingCalendar
    connection: duckdb.DuckDBPyConnection
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """A planted incident: by what it would be found, and until when."""

    kind: str
    dimension: str
    member: str
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Judged:
    """Cases of a kind, and those found."""

    kind: str
    cases: int
    found: int


@dataclass(frozen=True)
class Measured:
    """What was found in a year's copies.

    `beyond` are periods with findings in copies beyond the undisturbed one and the planted members.
    `undisturbed` and `graver` are periods with findings in the undisturbed copy, all and those of
    medium severity or more; `null` those of the null copies. `whole_null` are incidents of the
    whole product in null copies, totals and members together.
    """

    year: str
    judged: tuple[Judged, ...]
    beyond: Blocks
    undisturbed: Blocks
    graver: Blocks
    null: Blocks
    whole_null: Blocks = NONE


def judge(project: Path, source: Path, scale: MemberScale) -> Measured:
    """Build a year's file, and judge its members.

    Args:
        project: root of the dbt project.
        source: raw data of one shop and year.
        scale: how much to do.

    Raises:
        RetailError, DetectError: a step could not do its work.
    """
    with tempfile.TemporaryDirectory(prefix="members-") as name:
        folder = Path(name)
        database = folder / "year.duckdb"
        with workspace(folder / "target"):
            os.environ["RETAIL_SOURCE"] = str(source)
            build(project, database, TABLES_ONLY)
        with year(source.name, database) as shop:
            measured = measure(shop, scale)
        whole = [
            _whole_null(project, database, folder, scale.seed + nth) for nth in range(scale.wholes)
        ]
    return replace(measured, whole_null=sum(whole, NONE))


def _whole_null(project: Path, database: Path, folder: Path, seed: int) -> Blocks:
    """Incidents of the whole product in a null copy, dealt as raw order lines."""
    source = folder / f"null {seed}.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(database))} as built (read_only)")
        orders = connection.execute(ORDERS.format(lines="built.marts.fct_kpi_lines")).fetchall()
        ((usual,),) = connection.execute(USUAL_REVENUE).fetchall()
        _register_dealt(connection, orders, LEAST_SURGE["daily"] * float(usual), seed)
        connection.execute(copy_to_parquet(RAW, source))
    shop = Shop("null", source.stem, source)
    days = [day for _, day, _ in orders]
    return of_incidents(found_in(project, shop, folder / "target"), min(days), max(days))


@contextmanager
def year(name: str, database: Path) -> Iterator[Year]:
    """Open a built file, and copy its order lines into memory."""
    inputs = store.read_inputs(database, None)
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(str(database))} as built (read_only)")
        connection.execute("use built")
        dimensions, cells = watched(connection), read_member_columns(connection)
        names = [d.name for d in dimensions]
        columns = ", ".join(f"{cells[name]} as {identifier(name)}" for name in names)
        connection.execute(
            f"""
            create table memory.base as
            select
                order_date, invoice_no, line_type, net_revenue, gross_revenue, returned_revenue,
                unit_price, quantity, {columns}
            from marts.fct_kpi_lines
            """  # noqa: S608 - expressions that the build has checked
        )
        connection.execute("use memory")
        connection.execute("detach built")
        connection.execute("create schema marts")
        connection.execute(
            """
            create table marts.dim_dimensions as
            select
                unnest(?::varchar[]) as dimension, unnest(?::varchar[]) as expr,
                unnest(?::varchar[]) as coarser_than, ? as root_cause_use,
                generate_subscripts(?::varchar[], 1) as place
            """,
            [
                names, [identifier(name) for name in names], [d.coarser_than for d in dimensions],
                TOGETHER, names,
            ],
        )  # fmt: skip
        yield Year(name, inputs, calendar.learn(inputs.dates), connection, tuple(names))


def measure(shop: Year, scale: MemberScale) -> Measured:
    """Plant, look and count."""
    _restore(shop)
    panels, undisturbed = _look(shop)
    known = {a.anomaly_id for a in undisturbed}
    count = _counter(panels["weekly"])
    cases: list[tuple[Case, bool]] = []
    beyond, null = NONE, NONE
    for nth in range(scale.copies):
        rng = np.random.default_rng([scale.seed, nth])
        _restore(shop)
        planted = [case for kind in PER_COPY for case in _plant(shop, panels["daily"], kind, rng)]
        fresh = [a for a in _look(shop)[1] if a.anomaly_id not in known]
        told = [c for c in planted if not any(_finds(a, c) for a in undisturbed)]
        cases += [(case, any(_finds(a, case) for a in fresh)) for case in told]
        beyond += count([a for a in fresh if not any(_touches(a, c) for c in planted)])
    for nth in range(scale.nulls):
        _deal(shop, panels["daily"], scale.seed + nth)
        null += count(_look(shop)[1])
    return Measured(
        shop.name,
        tuple(
            Judged(kind, len(mine), sum(mine))
            for kind in PER_COPY
            for mine in [[found for case, found in cases if case.kind == kind]]
        ),
        beyond,
        count(undisturbed),
        count([a for a in undisturbed if a.severity != "low"]),
        null,
    )


def _counter(weeks: MemberPanel) -> Callable[[Sequence[Anomaly]], Blocks]:
    """Counts the periods with findings, from the first week that may be tested to the last."""
    days = weeks.period[weeks.usable].astype(object)
    last = days[-1] + dt.timedelta(days=PERIOD_DAYS["weekly"] - 1)
    return lambda found: blocks([day for _, day in _periods(found)], days[0], last)


def _look(shop: Year) -> tuple[dict[Grain, MemberPanel], list[Anomaly]]:
    panels = member_panels(shop.connection, shop.trading, shop.inputs.periods)
    return panels, members.select(panels, shop.inputs.kpis)


def _periods(found: Sequence[Anomaly]) -> set[tuple[Grain, dt.date]]:
    """Findings of a day, or of a week, are one incident; a week joins the day within it."""
    days = {a.period_start for a in found if a.grain == "daily"}
    weeks = {a.period_start for a in found if a.grain == "weekly"}
    length = dt.timedelta(days=PERIOD_DAYS["weekly"])
    alone = {w for w in weeks if not any(w <= day < w + length for day in days)}
    return {("daily", day) for day in days} | {("weekly", week) for week in alone}


def _finds(anomaly: Anomaly, case: Case) -> bool:
    """Whether a finding names the member in time."""
    named = (anomaly.dimension, anomaly.segment) == (case.dimension, case.member)
    return named and case.first <= anomaly.period_end <= case.last


def _touches(anomaly: Anomaly, case: Case) -> bool:
    """Whether a finding may come of a case: by its time or by its member afterwards."""
    within = anomaly.period_start <= case.last and anomaly.period_end >= case.first
    return within or (anomaly.dimension, anomaly.segment) == (case.dimension, case.member)


def _restore(shop: Year) -> None:
    shop.connection.execute("create or replace table marts.fct_kpi_lines as from base")


# ------------------------------------------------------------------------------- planting


def _plant(shop: Year, panel: MemberPanel, kind: str, rng: np.random.Generator) -> Iterator[Case]:
    """Plant the incidents of a kind on days by chance."""
    places = np.flatnonzero(panel.usable)[FIRST_DAY:]
    for nth in range(PER_COPY[kind]):
        place = int(rng.choice(places))
        if kind == SURGE:
            yield from _surge(shop, panel, place, nth, rng)
        elif kind == COUNTRY:
            yield from _country(shop, panel, place, nth, rng)
        elif kind in MISSING:
            yield from _collapse(shop, panel, place, kind, rng)
        elif kind in CHANGES:
            yield from _change(shop, panel, place, kind, rng)
        else:
            yield from _stop(shop, panel, kind, rng)


def _totals(panel: MemberPanel, first: int, last: int, name: str) -> Floats:
    """Sums of an amount by member from one period to before another, (M,)."""
    at = slice(int(panel.start[first]), int(panel.start[last]))
    sums = np.bincount(panel.code[at], getattr(panel, name)[at], len(panel.member))
    return np.asarray(sums, dtype=np.float64)


def _of(panel: MemberPanel, dimension: str) -> np.ndarray:
    names = [d.name for d in panel.dimensions]
    return np.asarray(panel.dimension == names.index(dimension))


def _least(panel: MemberPanel, place: int) -> Floats:
    """What a member's day must come to for being obvious, (M,)."""
    trading = max(int(panel.usable[:place].sum()), 1)
    mean = _totals(panel, 0, place, "revenue") / trading
    return np.asarray(np.maximum(TIMES * mean, SHARE * usual_day(panel)[place]))


def _surge(
    shop: Year, panel: MemberPanel, place: int, nth: int, rng: np.random.Generator
) -> Iterator[Case]:
    least, recent = _least(panel, place), max(place - RECENT_DAYS, 0)
    orders = _totals(panel, recent, place, "orders")
    small = least <= 2 * SHARE * usual_day(panel)[place]
    products = np.flatnonzero(_of(panel, "product") & small & (orders >= LEAST_PRODUCT_ORDERS))
    countries = np.flatnonzero(_of(panel, "country") & (orders > 0))
    product, country = int(rng.choice(products)), int(rng.choice(countries))
    amount = float(least[product] * rng.uniform(1.0, LARGER))
    day = panel.period[place].astype(dt.date)
    names = panel.member[product], panel.member[country]
    home = {d.name for d in panel.dimensions if "country" in (d.name, d.coarser_than)}
    columns = ", ".join(
        f"{'there' if name in home else 'it'}.{identifier(name)}" for name in shop.columns
    )
    count = int(rng.integers(1, 4))
    shop.connection.execute(
        f"""
        insert into marts.fct_kpi_lines
        select
            $day, 'planted {nth} ' || range, 'sale', $money, $money, 0, it.unit_price,
            $money / it.unit_price, {columns}
        from (
            from base where product = $product and unit_price > 0 order by order_date desc limit 1
        ) as it,
            (from base where country = $country order by order_date desc limit 1) as there,
            range($count)
        """,  # noqa: S608 - names from the schema, quoted
        {"day": day, "money": round(amount / count, 2), "product": names[0], "country": names[1],
         "count": count},
    )  # fmt: skip
    yield Case(SURGE, "product", names[0], day, day)


def _country(
    shop: Year, panel: MemberPanel, place: int, nth: int, rng: np.random.Generator
) -> Iterator[Case]:
    """Repeat a country's past orders on one day, until the day is obvious."""
    orders = _totals(panel, max(place - RECENT_DAYS, 0), place, "orders")
    least = _least(panel, place)
    small = least <= 5 * SHARE * usual_day(panel)[place]
    chosen = np.flatnonzero(_of(panel, "country") & small & (orders >= 2))
    country = int(rng.choice(chosen))
    name, day = panel.member[country], panel.period[place].astype(dt.date)
    past = shop.connection.execute(
        """
        select invoice_no, cast(sum(net_revenue) as double) from base
        where country = ? and order_date < ? and line_type = 'sale' group by all order by 1
        """,
        [name, day],
    ).fetchall()
    picked: list[str] = []
    total = 0.0
    while total < least[country] and len(picked) < MOST_ORDERS:
        invoice, amount = past[int(rng.integers(len(past)))]
        picked.append(invoice)
        total += amount
    if total < least[country]:
        return
    for i, invoice in enumerate(picked):
        shop.connection.execute(
            f"""
            insert into marts.fct_kpi_lines
            select ? as order_date, 'planted {nth} {i}' as invoice_no,
                * exclude (order_date, invoice_no)
            from base where invoice_no = ? and line_type = 'sale'
            """,  # noqa: S608 - numbers of our own
            [day, invoice],
        )
    yield Case(COUNTRY, "country", name, day, day)


def _collapse(
    shop: Year, panel: MemberPanel, place: int, kind: str, rng: np.random.Generator
) -> Iterator[Case]:
    monday = _monday(panel.period[place])
    names = [panel.member[i] for i in np.flatnonzero(_of(panel, "category"))]
    name = str(rng.choice(names))
    sunday = monday + dt.timedelta(days=6)
    shop.connection.execute(
        f"""
        delete from marts.fct_kpi_lines
        where category = ? and order_date between ? and ? and {MISSING[kind]}
            and invoice_no not like 'planted%'
        """,  # noqa: S608 - conditions of our own
        [name, monday, sunday],
    )
    yield Case(kind, "category", name, monday, sunday)


MISSING = {
    COLLAPSE: "hash(invoice_no) % 10 < 8",
    THINNER: "hash(invoice_no, product) % 10 < 6",
}
"""By kind: which lines of a category are missing."""


def _change(
    shop: Year, panel: MemberPanel, place: int, kind: str, rng: np.random.Generator
) -> Iterator[Case]:
    """Change a product's lines, one for which that is about LEAST_MONEY."""
    day = panel.period[place].astype(dt.date)
    money, change = CHANGES[kind]
    rows = shop.connection.execute(
        f"""
        select product from base where line_type = 'sale' and {money}
        group by 1 having sum(net_revenue) * $factor >= $least and count(distinct invoice_no) >= 3
        order by 1
        """,  # noqa: S608 - conditions of our own
        {"day": day, "factor": 1 if kind == RETURNS else PRICE_FACTOR - 1,
         "least": LEAST_MONEY * float(usual_day(panel)[place])},
    ).fetchall()  # fmt: skip
    if rows:
        name = str(rng.choice([str(product) for (product,) in rows]))
        shop.connection.execute(change, {"day": day, "product": name})
        yield Case(kind, "product", name, day, day)


CHANGES = {
    RETURNS: (
        "order_date between $day - 30 and $day - 1",
        """
        insert into marts.fct_kpi_lines
        select * replace (
            $day as order_date, 'back ' || invoice_no as invoice_no, 'return' as line_type,
            -quantity as quantity, -net_revenue as net_revenue, 0 as gross_revenue,
            net_revenue as returned_revenue
        )
        from base
        where line_type = 'sale' and product = $product
            and order_date between $day - 30 and $day - 1
        """,
    ),
    PRICE: (
        "order_date = $day",
        f"""
        update marts.fct_kpi_lines set
            unit_price = {PRICE_FACTOR} * unit_price, net_revenue = {PRICE_FACTOR} * net_revenue,
            gross_revenue = {PRICE_FACTOR} * gross_revenue
        where line_type = 'sale' and product = $product and order_date = $day
        """,  # noqa: S608 - numbers of our own
    ),
}
"""By kind: the sales that a product is chosen by, and the change of its lines."""


def _monday(day: np.datetime64) -> dt.date:
    date: dt.date = day.astype(dt.date)
    return date - dt.timedelta(days=date.weekday())


def _stop(shop: Year, panel: MemberPanel, kind: str, rng: np.random.Generator) -> Iterator[Case]:
    """Take a product away that was ordered so often a week in the weeks before."""
    places = np.flatnonzero(panel.usable)[FIRST_DAY:-STOP_DAYS]
    place = int(rng.choice(places))
    weekly = _totals(panel, place - RECENT_DAYS, place, "orders") / (RECENT_DAYS / 7)
    often = (weekly >= 15) if kind == STOP else (weekly >= 8) & (weekly < 15)
    chosen = np.flatnonzero(_of(panel, "product") & often)
    if not chosen.size:
        return
    name = panel.member[int(rng.choice(chosen))]
    day = panel.period[place].astype(dt.date)
    last = day + dt.timedelta(days=STOP_DAYS - 1)
    shop.connection.execute(
        "delete from marts.fct_kpi_lines where product = ? and order_date between ? and ?",
        [name, day, last],
    )
    yield Case(kind, "product", name, day, day + dt.timedelta(days=WITHIN - 1))


# ----------------------------------------------------------------------------------- null


def _deal(shop: Year, panel: MemberPanel, seed: int) -> None:
    """Give each day an ordinary number of orders, drawn from all of the year, less the giants."""
    orders = shop.connection.execute(ORDERS.format(lines="base")).fetchall()
    least = LEAST_SURGE["daily"] * float(np.nanmin(usual_day(panel)))
    _register_dealt(shop.connection, orders, least, seed)
    shop.connection.execute(
        """
        create or replace table marts.fct_kpi_lines as
        select
            cast(dealt.day as date) as order_date, cast(dealt.nth as varchar) as invoice_no,
            base.* exclude (order_date, invoice_no)
        from dealt inner join base on base.invoice_no = dealt.of
        """
    )
    shop.connection.unregister("dealt")


def _register_dealt(
    connection: duckdb.DuckDBPyConnection, orders: Sequence[Order], least: float, seed: int
) -> None:
    """Register as `dealt` an order of the pool for each place that a day has for one.

    Args:
        connection: where to register it.
        orders: number, day and net revenue of every order.
        least: orders and returns from this revenue on are incidents by themselves, and never drawn.
        seed: of the luck.
    """
    names = np.array([name for name, *_ in orders], dtype=object)
    rng = np.random.default_rng(seed)
    days = _ordinary(np.array([day for _, day, _ in orders], dtype="datetime64[D]"), rng)
    pool: Ints = np.flatnonzero([abs(float(revenue)) < least for *_, revenue in orders])
    drawn = rng.choice(pool, size=days.size)
    connection.register(
        "dealt",
        {"of": names[drawn], "day": days.astype("datetime64[us]"), "nth": np.arange(days.size)},
    )


def _ordinary(days: Days, rng: np.random.Generator) -> Days:
    """Days with an entry for each of their orders, where none has too many or too few.

    The logarithm of a number lies as far from the median of its weekday's NEAREST as that of
    another day of the weekday does, within TWO_SIGMAS: what lasted some days, lasts no more.
    """
    distinct, count = np.unique(days, return_counts=True)
    weekday = distinct.astype(np.int64) % PERIOD_DAYS["weekly"]
    usual, apart = np.zeros(distinct.size), np.zeros(distinct.size)
    for one in np.unique(weekday):
        mine = np.flatnonzero(weekday == one)
        for nth, place in enumerate(mine):
            near = mine[max(nth - NEAREST, 0) : nth + NEAREST + 1]
            usual[place] = np.median(np.log(count[near]))
        apart[mine] = rng.permutation(np.log(count[mine]) - usual[mine])
    most = TWO_SIGMAS * float(np.median(np.abs(apart)))
    return np.repeat(distinct, np.rint(np.exp(usual + np.clip(apart, -most, most))).astype(int))
