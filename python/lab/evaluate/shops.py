"""Shops to disturb: simulated ones, and copies of the data that the project is given."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pandas as pd

from retail.ingest.parquet_cache import land
from retail.ingest.sources import SOURCE_VARIABLE, Sources, choose, resolve
from retail.ingest.sql import copy_to_parquet
from retail.ingest.views import create_views
from retail.simulate import ShopConfig, simulate_shop

COLUMNS = (
    "invoice_no", "stock_code", "description", "quantity", "invoice_date", "unit_price",
    "customer_id", "country",
)  # fmt: skip
GIVEN = "given data"
SIMULATED = "simulated"
NO_DATA = "simulated shop"


@dataclass(frozen=True)
class Shop:
    """A shop to disturb: a file of its undisturbed order lines, all text."""

    kind: str
    name: str
    path: Path

    def lines(self) -> pd.DataFrame:
        """Its order lines."""
        return read_parquet(self.path)


def read_parquet(path: Path) -> pd.DataFrame:
    """A Parquet file as a table."""
    with duckdb.connect() as connection:
        return connection.execute("select * from read_parquet(?)", [str(path)]).df()


def given(project: Path, folder: Path) -> Shop | None:
    """The data that the project would be built from; none where it would be simulated.

    Raises:
        IngestError: it can't be read.
    """
    if choose(project, os.environ).origin == NO_DATA:
        return None
    return keep(Shop(GIVEN, GIVEN, folder / "given.parquet"), resolve(project, os.environ))


def simulated(seed: int, folder: Path) -> Shop:
    """Thirteen months of a shop like the public one; another seed, another shop."""
    name = f"{SIMULATED} {seed}"
    written = folder / f"{name}.csv"
    simulate_shop(ShopConfig(seed=seed), written)
    sources = resolve(folder, {SOURCE_VARIABLE: str(written)})
    return keep(Shop(SIMULATED, name, folder / f"{name}.parquet"), sources)


def simulated_by_size(
    sizes: Sequence[tuple[int, int]], seed: int, days: int, folder: Path
) -> Iterator[tuple[str, Path]]:
    """Write simulated shops: each with what shops of its size are called.

    Args:
        sizes: orders a day, and how many shops there are of each.
        seed: of the first shop of each size.
        days: how long each is.
        folder: where to write them.
    """
    for orders, shops in sizes:
        for nth in range(shops):
            path = folder / f"{orders}-{nth}.parquet"
            simulate_shop(ShopConfig(seed=seed + nth, orders_per_day=orders, days=days), path)
            yield f"simulated, {orders} orders a day", path


def keep(shop: Shop, sources: Sources) -> Shop:
    """Write the readable order lines of some raw files to the shop's own file."""
    landing = land(sources, shop.path.parent / "landed")
    with duckdb.connect() as connection:
        create_views(connection, landing)
        readable = f"select {', '.join(COLUMNS)} from raw.order_lines where parse_error is null"  # noqa: S608 - names of our own
        connection.execute(copy_to_parquet(readable, shop.path))
    return shop


def write(lines: pd.DataFrame, out: Path) -> None:
    """Write order lines where the project can read them."""
    with duckdb.connect() as connection:
        connection.register("lines", lines)
        connection.execute(copy_to_parquet("select * from lines", out))
