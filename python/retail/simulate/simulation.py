"""Simulate a shop into a file, step by step."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from retail.errors import RetailError
from retail.simulate.config import ShopConfig
from retail.simulate.customers import reserved_ids
from retail.simulate.incidents.choose import choose_incidents
from retail.simulate.incidents.market import Market, Target, aim
from retail.simulate.incidents.perturb import Setting, Strike, disturb
from retail.simulate.incidents.supply import Supply
from retail.simulate.lines import Lines
from retail.simulate.shop import Shop, build_shop, run_days, trading_days
from retail.simulate.truth import GroundTruth, PlantedIncident, planted, truth_path, write_truth
from retail.simulate.write import Writer, form_of, published

Progress = Callable[[date, int], None]
BEYOND_ALL_INVOICES = 900_000_000
MOST_NEW_CUSTOMERS = 1_000_000


def simulate_shop(config: ShopConfig, out: Path, progress: Progress | None = None) -> GroundTruth:
    """Simulate a shop and write its order lines, and the ground truth beside them.

    Args:
        config: what to simulate.
        out: `x.csv`, `x.parquet`, or a path without suffix for a folder with one CSV per month.
        progress: called after each trading day with the day and the rows so far.

    Returns:
        The ground truth, as in `<out>.truth.json`.

    Raises:
        RetailError: nothing can be written there, or an incident would touch no row; in both
            cases what was at `out` is still there.
    """
    form = form_of(out)
    _refuse_other_data(out)
    shop = build_shop(config)
    targets = aim(config.incidents, shop_market(shop), config.seed) if config.incidents else ()
    strikes: list[Strike] = []
    with published(out) as private:
        writer = Writer(private, form, config.dialect, shop.words)
        for day, lines, struck in _disturbed(shop, targets):
            writer.add(day, lines)
            strikes.extend(struck)
            if progress is not None:
                progress(day, writer.rows + sum(len(part) for part in writer.waiting))
        incidents = planted(targets, strikes)
        refuse_idle(incidents)
        writer.finish()
        truth = _truth(config, writer.rows, incidents, out)
        write_truth(truth, truth_path(out))
    return truth


def _refuse_other_data(out: Path) -> None:
    """Refuse to take the place of order lines that are not known to be simulated."""
    is_empty = out.is_dir() and not any(out.iterdir())
    if out.exists() and not (is_empty or truth_path(out).exists()):
        raise RetailError(f"{out} is there already, and no simulated shop: name another")


def with_random_incidents(config: ShopConfig, count: int) -> ShopConfig:
    """Return the shop with `count` more incidents, chosen by its seed."""
    chosen = choose_incidents(shop_market(build_shop(config)), count, config.seed)
    return replace(config, incidents=config.incidents + chosen)


def shop_market(shop: Shop) -> Market:
    """Return what can be hit in a simulated shop: what is on sale from the first day to the last.

    Products that are launched or retired on the way can be named, but are not chosen by chance.
    """
    range_ = shop.catalogue
    lasting = (range_.launched_on < 0) & (range_.retired_on > shop.config.days)
    weight = range_.popularity * range_.season.min(axis=1) * lasting
    share = weight / (range_.popularity * (range_.launched_on < 0)).sum()
    daily = share * float(np.median((shop.plan.loyal * shop.plan.basket)[shop.plan.is_open]))
    revenue = weight * range_.prices
    order = np.argsort(-revenue, kind="stable").tolist()
    heads = np.bincount(
        shop.population.country, shop.population.rate, minlength=len(shop.words.countries)
    )
    countries = [one for one in np.argsort(-heads, kind="stable").tolist() if heads[one] > 0]
    return Market(
        days=trading_days(shop),
        products=dict(zip(range_.codes, (text.strip() for text in range_.texts), strict=True)),
        revenue={range_.codes[place]: float(revenue[place]) for place in order},
        daily={range_.codes[place]: float(daily[place]) for place in order},
        countries=tuple(shop.words.countries[one] for one in countries),
    )


def refuse_idle(incidents: tuple[PlantedIncident, ...]) -> None:
    """Refuse incidents that touched nothing: evaluating against them would be misleading.

    Raises:
        RetailError: naming the first of them.
    """
    for one in incidents:
        incident = one.target.incident
        if one.touched == 0:
            where = ", ".join(incident.segment.values()) or "the whole shop"
            raise RetailError(
                f"{incident.kind}@{incident.start} touched no row ({where}): "
                "choose another day, a larger size or a wider segment"
            )


def _disturbed(
    shop: Shop, targets: tuple[Target, ...]
) -> Iterator[tuple[date, Lines, tuple[Strike, ...]]]:
    setting = Setting(
        words=shop.words,
        invoices=Supply(BEYOND_ALL_INVOICES),
        customers=Supply(BEYOND_ALL_INVOICES, reserved_ids(MOST_NEW_CUSTOMERS)),
        seed=shop.config.seed,
    )
    days = (
        (day.date, day.lines, np.arange(day.free_from, day.free_to, dtype=np.int64))
        for day in run_days(shop)
    )
    return disturb(days, targets, setting)


def _truth(
    config: ShopConfig, rows: int, incidents: tuple[PlantedIncident, ...], out: Path
) -> GroundTruth:
    shop: dict[str, Any] = {
        name: value
        for name, value in asdict(replace(config, incidents=())).items()
        if name not in {"incidents", "seed", "days"}
    }
    shop["start"] = config.start.isoformat()
    return GroundTruth(rows, config.start, config.end, config.seed, shop, incidents, out)
