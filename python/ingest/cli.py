"""The command line: ``python -m ingest download | status | land``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from console import FINE, add_options, harmless, run, set_up, show
from ingest.cache import RawFile
from ingest.download import URL_VARIABLE, download
from ingest.errors import IngestError
from ingest.landing import CACHE_VARIABLE, LANDED_FOLDER, is_landed, land_project
from ingest.last_run import last_source
from ingest.progress import progress_bar
from ingest.sources import PUBLIC_FILE, SIMULATED, SOURCE_VARIABLE, LastSource, choose, resolve
from warehouse.errors import WarehouseError
from warehouse.option import usual_database

_EXAMPLES = f"""\
examples:
  python -m ingest download                 fetch the public data set, once
  python -m ingest status                   say where the raw data comes from now
  {SOURCE_VARIABLE}=orders.csv python -m ingest land
                                            land your own file (`dbt build` does it by itself)
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns 0, or 1 after one line on standard error that says what is wrong."""
    options = _parser().parse_args(arguments)
    set_up(options, "ingest: ")
    commands = {"download": _download, "status": _status, "land": _land}
    return run("ingest", lambda: commands[options.command](options), IngestError, WarehouseError)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ingest",
        description="Find, fetch and land the raw order lines that dbt builds on.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    common = argparse.ArgumentParser(add_help=False)
    add_options(common, given_before=True)
    common.add_argument(
        "--root", type=Path, default=Path(), metavar="FOLDER", help="project root (default: here)"
    )
    fetching = commands.add_parser(
        "download",
        parents=[common],
        help="fetch the public data set and convert it to Parquet",
        description=f"Fetch the public data set into {PUBLIC_FILE}. What broke off goes on.",
    )
    fetching.add_argument(
        "--url", help=f"address of the zip (default: ${URL_VARIABLE}, else the data set's home)"
    )
    fetching.add_argument("--sha256", metavar="HEX", help="refuse a zip that has another one")
    fetching.add_argument("--force", action="store_true", help="fetch it though it is there")
    commands.add_parser(
        "status",
        parents=[common],
        help="say where the raw data comes from",
        description="Say where the raw data comes from, and what of it is landed.",
    )
    commands.add_parser(
        "land",
        parents=[common],
        help="read the raw data into the cache",
        description=f"Read every new or changed file into ${CACHE_VARIABLE} (or {LANDED_FOLDER}).",
    )
    return parser


def _download(options: argparse.Namespace) -> int:
    if (options.root / PUBLIC_FILE).exists() and not options.force:
        show(harmless(f"{options.root / PUBLIC_FILE} is there already; --force fetches it again"))
        return FINE
    with progress_bar(shown=sys.stderr.isatty()) as told:
        manifest = download(options.root, url=options.url, sha256=options.sha256, progress=told)
    show(harmless(f"{options.root / PUBLIC_FILE}: {manifest.rows:,} order lines of {manifest.url}"))
    show(f"SHA-256 of the zip: {manifest.sha256}")
    return FINE


def _status(options: argparse.Namespace) -> int:
    last = _last_source(options)
    choice = choose(options.root, last=last)
    show(f"origin: {choice.origin}{' (as in the last run)' if choice.is_from_last_run else ''}")
    if choice.origin == SIMULATED:
        show(f"there is no real data: set {SOURCE_VARIABLE}, or run `python -m ingest download`")
        return FINE
    for source in resolve(options.root, last=last, landed=_cache(options)).files:
        state = "ready" if is_landed(source, _cache(options)) else "not landed yet"
        show(harmless(f"{source.path} ({source.form}): {state}"))
    return FINE


def _land(options: argparse.Namespace) -> int:
    landing = land_project(options.root, _cache(options), _last_source(options))
    for file in landing.files:
        show(harmless(_line(file)))
    show(f"{landing.raw_rows:,} order lines in {len(landing.files):,} files ({landing.origin})")
    return FINE


def _last_source(options: argparse.Namespace) -> LastSource | None:
    return last_source(options.root / usual_database())


def _cache(options: argparse.Namespace) -> Path:
    return Path(options.root, os.environ.get(CACHE_VARIABLE) or LANDED_FOLDER)


def _line(file: RawFile) -> str:
    told = filter(None, (file.form, file.encoding, file.note))
    return f"{file.source_file}: {file.raw_rows:,} order lines ({', '.join(told)})"
