"""The command line: words to one call, and back."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from console import FINE, add_options, harmless, run, set_up, show
from simulate.config import DIALECTS, ShopConfig
from simulate.errors import SimulateError
from simulate.incidents.spec import DIMENSIONS, EXAMPLE, KINDS, parse_incident
from simulate.simulation import Progress, simulate_shop, with_random_incidents
from simulate.truth import GroundTruth, truth_path

PROGRESS_EVERY_DAYS = 10

EXAMPLES = f"""\
examples:
  python -m simulate --out shop.csv
      a shop like the public one: 374 days, about 540,000 rows
  python -m simulate --out shop/ --dialect retail2 --days 730 --growth 0.1
      two growing years in the second spelling, one CSV per month
  python -m simulate --out large.parquet --lines 10000000
      the same 374 days of a shop with ten million rows
  python -m simulate --out test.csv --incident {EXAMPLE} \\
      --incident price_error@2011-07-05,product=22423 --incidents 5
      two planted incidents and five chosen by the seed; what they are is in test.csv.truth.json

incidents, as KIND@DATE[,days=N][,size=X][,{"=..][,".join(DIMENSIONS)}=..][,reversal=true]:
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    options = _parser().parse_args(arguments)
    set_up(options, "simulate: ")
    return run("simulate", lambda: _act(options), SimulateError, again="nothing was written")


def _act(options: argparse.Namespace) -> int:
    progress = _progress(options.quiet)
    truth = simulate_shop(_config(options), options.out, progress)
    if progress is not None:
        print(file=sys.stderr)
    if not options.quiet:
        show(harmless(_summary(truth, options.out)))
    return FINE


def _parser() -> argparse.ArgumentParser:
    usual = ShopConfig()
    parser = argparse.ArgumentParser(
        prog="python -m simulate",
        description="Simulate a shop: order lines of the shape and mess of the public Online "
        "Retail file, with incidents planted on demand.",
        epilog=EXAMPLES + _kinds(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--out", type=Path, required=True, help="x.csv, x.parquet, or a folder (CSVs by month)")
    add("--days", type=int, default=usual.days, help="calendar days (default: %(default)s)")
    add("--lines", type=int, help="scale the shop to about so many rows over its days")
    add("--start", type=_date, default=usual.start, help="first day (default: %(default)s)")
    add("--seed", type=int, default=usual.seed, help="same seed, same file (default: %(default)s)")
    add("--orders-per-day", type=float, default=usual.orders_per_day, metavar="N",
        help="sales invoices on a mean trading day (default: %(default)g)")  # fmt: skip
    add("--customers", type=int, help="customers at the start (default: in step with the orders)")
    add("--products", type=int, help="products at the start (default: 3,400, fewer if small)")
    add("--guest-share", type=float, default=usual.guest_share, metavar="X",
        help="share of orders without a customer (default: %(default)g)")  # fmt: skip
    add("--growth", type=float, default=usual.annual_growth, metavar="X",
        help="yearly growth of the orders, 0.1 for 10 %% (default: %(default)g)")  # fmt: skip
    add("--dialect", choices=DIALECTS, default=usual.dialect,
        help="retail: InvoiceNo, 12/1/2010 8:26, 17850; retail2: Invoice, 2010-12-01 08:26:00, "
        "17850.0 (default: %(default)s)")  # fmt: skip
    add("--clean", action="store_true", help="leave out duplicates, zero prices and other mess")
    add("--incident", action="append", default=[], metavar="SPEC", help="plant this; repeatable")
    add("--incidents", type=int, default=0, metavar="N", help="plant so many, chosen by the seed")
    add_options(parser)
    return parser


def _kinds() -> str:
    lines = []
    for name, kind in KINDS.items():
        days = "the rest" if kind.days > 10_000 else f"{kind.days} d"
        lines.append(f"  {name:15s} {kind.does}")
        lines.append(f"  {'':15s} size: {kind.size} ({kind.usual:g}); lasts {days}")
    return "\n".join(lines)


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _config(options: argparse.Namespace) -> ShopConfig:
    config = ShopConfig(
        start=options.start,
        days=options.days,
        seed=options.seed,
        lines=options.lines,
        orders_per_day=options.orders_per_day,
        customers=options.customers,
        products=options.products,
        guest_share=options.guest_share,
        annual_growth=options.growth,
        messy=not options.clean,
        dialect=options.dialect,
        incidents=tuple(parse_incident(text) for text in options.incident),
    )
    if options.incidents < 0:
        raise SimulateError(f"--incidents {options.incidents}: it must be 0 or more")
    return with_random_incidents(config, options.incidents) if options.incidents else config


def _progress(quiet: bool) -> Progress | None:
    """Show days and rows on a terminal, nothing in a log."""
    if quiet or not sys.stderr.isatty():
        return None

    def show(day: date, rows: int) -> None:
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
