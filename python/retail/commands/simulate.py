"""`retail simulate`: order lines of a shop that does not exist."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import Any

import click

from retail.console import FINE, escape_control_chars
from retail.console.cli import DATE, Command, examples, is_quiet, say
from retail.errors import RetailError
from retail.simulate.config import DIALECTS, ShopConfig
from retail.simulate.incidents.spec import DIMENSIONS, EXAMPLE, KINDS, parse_incident
from retail.simulate.simulation import Progress, simulate_shop, with_random_incidents
from retail.simulate.truth import GroundTruth, truth_path

PROGRESS_EVERY_DAYS = 10
USUAL = ShopConfig()


def _kinds() -> list[str]:
    lines = []
    for name, kind in KINDS.items():
        days = "the rest" if kind.days > 10_000 else f"{kind.days} d"
        lines.append(f"{name:15s} {kind.does}")
        lines.append(f"{'':15s} size: {kind.size} ({kind.usual:g}); lasts {days}")
    return lines


@click.command(
    "simulate",
    cls=Command,
    again="nothing was written",
    epilog=examples(
        "retail simulate --out shop.csv",
        "    a shop like the public one: 374 days, about 540,000 rows",
        "retail simulate --out shop/ --dialect retail2 --days 730 --growth 0.1",
        "    two growing years in the second spelling, one CSV per month",
        "retail simulate --out large.parquet --lines 10000000",
        "    the same 374 days of a shop with ten million rows",
        f"retail simulate --out test.csv --incident {EXAMPLE} \\",
        "      --incident price_error@2011-07-05,product=22423 --incidents 5",
        "    two planted incidents and five chosen by the seed; what they are is in",
        "    test.csv.truth.json",
    )
    + "\n\n"
    + examples(
        *_kinds(),
        title=f"Incidents, as KIND@DATE[,days=N][,size=X][,{'=..][,'.join(DIMENSIONS)}=..]"
        "[,reversal=true]",
    ),
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="PATH",
    help="x.csv, x.parquet, or a folder (CSVs by month).",
)
@click.option("--days", type=int, default=USUAL.days, show_default=True, help="Calendar days.")
@click.option("--lines", type=int, help="Scale the shop to about so many rows over its days.")
@click.option("--start", type=DATE, default=USUAL.start, show_default=True, help="First day.")
@click.option(
    "--seed", type=int, default=USUAL.seed, show_default=True, help="Same seed, same file."
)
@click.option(
    "--orders-per-day",
    type=float,
    default=USUAL.orders_per_day,
    show_default=True,
    metavar="N",
    help="Sales invoices on a mean trading day.",
)
@click.option(
    "--customers", type=int, help="Customers at the start (default: in step with the orders)."
)
@click.option(
    "--products", type=int, help="Products at the start (default: 3,400, fewer if small)."
)
@click.option(
    "--guest-share",
    type=float,
    default=USUAL.guest_share,
    show_default=True,
    metavar="X",
    help="Share of orders without a customer.",
)
@click.option(
    "--growth",
    "annual_growth",
    type=float,
    default=USUAL.annual_growth,
    show_default=True,
    metavar="X",
    help="Yearly growth of the orders, 0.1 for 10 %.",
)
@click.option(
    "--dialect",
    type=click.Choice(DIALECTS),
    default=USUAL.dialect,
    show_default=True,
    help="retail: InvoiceNo, 12/1/2010 8:26, 17850; retail2: Invoice, 2010-12-01 08:26:00, 17850.0",
)
@click.option(
    "--clean", is_flag=True, help="Leave out duplicates, zero prices and other dirty data."
)
@click.option("--incident", multiple=True, metavar="SPEC", help="Plant this; repeatable.")
@click.option(
    "--incidents", type=int, default=0, metavar="N", help="Plant so many, chosen by the seed."
)  # fmt: skip
def simulate_command(
    out: Path,
    *,
    clean: bool,
    incident: tuple[str, ...],
    incidents: int,
    **shop: Any,  # noqa: ANN401 - fields of ShopConfig
) -> int:
    """Simulate a shop: order lines of the shape and mess of the public Online Retail file."""
    progress = _progress()
    truth = simulate_shop(_config(clean, incident, incidents, shop), out, progress)
    if progress is not None:
        print(file=sys.stderr)
    say(escape_control_chars(_summary(truth, out)))
    return FINE


def _config(
    clean: bool, incident: tuple[str, ...], incidents: int, shop: dict[str, Any]
) -> ShopConfig:
    """The shop that was asked for; `shop` has fields of its configuration."""
    planted = tuple(parse_incident(text) for text in incident)
    config = ShopConfig(**shop, messy=not clean, incidents=planted)
    if incidents < 0:
        raise RetailError(f"--incidents {incidents}: it must be 0 or more")
    return with_random_incidents(config, incidents) if incidents else config


def _progress() -> Progress | None:
    """Show days and rows on a terminal, nothing in a log."""
    if is_quiet() or not sys.stderr.isatty():
        return None

    def show(day: dt.date, rows: int) -> None:
        if day.day % PROGRESS_EVERY_DAYS == 0:
            print(f"\r{day}  {rows:>13,} rows", end="", file=sys.stderr, flush=True)

    return show


def _summary(truth: GroundTruth, out: Path) -> str:
    planted = [
        f"  {one.target.incident.start}  {one.target.incident.kind}  "
        f"{', '.join(one.target.incident.segment.values()) or 'everything'}"
        for one in truth.incidents
    ]
    return "\n".join(
        [
            f"{out}: {truth.rows:,} rows, {truth.start} to {truth.end}, seed {truth.seed}",
            f"{truth_path(out)}: {len(planted)} planted incidents",
            *planted,
        ]
    )
