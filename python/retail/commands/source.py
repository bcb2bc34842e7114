"""`retail source`: the raw data, from where they are to the landed files."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from retail.console import FINE, escape_control_chars
from retail.console.cli import SETTINGS, Command, examples, say
from retail.ingest.download import URL_VARIABLE, download
from retail.ingest.last_run import last_source
from retail.ingest.parquet_cache import (
    cache_folder,
    is_landed,
    land_project,
    project_reader,
    to_read,
)
from retail.ingest.progress import progress_bar
from retail.ingest.sources import (
    PUBLIC_FILE,
    SIMULATED,
    SOURCE_VARIABLE,
    LastSource,
    choose,
    resolve,
)
from retail.storage.location import default_database

root_option = click.option(
    "--root", type=click.Path(path_type=Path), default=Path(), metavar="FOLDER",
    help="Project root (default: here).",
)  # fmt: skip


@click.group(
    "source",
    context_settings=SETTINGS,
    epilog=examples(
        "retail source download                 fetch the public data set, once",
        "retail source status                   where the raw data comes from now",
        f"{SOURCE_VARIABLE}=orders.csv retail source land",
        "                                       land your own file (`dbt build` does it by itself)",
    ),
)
def source_command() -> None:
    """Find, fetch and land the raw order lines that dbt builds on."""


@source_command.command("download", cls=Command)
@root_option
@click.option("--url", help=f"Address of the zip (default: ${URL_VARIABLE}, else the data's home).")
@click.option("--sha256", metavar="HEX", help="Refuse a zip that has another one.")
@click.option("--force", is_flag=True, help="Fetch it though it is there.")
def download_command(root: Path, url: str | None, sha256: str | None, *, force: bool) -> int:
    """Fetch the public data set, and convert it to Parquet. A broken download goes on."""
    if (root / PUBLIC_FILE).exists() and not force:
        known = f"{root / PUBLIC_FILE} is there already; --force fetches it again"
        say(escape_control_chars(known))
        return FINE
    with progress_bar(shown=sys.stderr.isatty()) as progress:
        manifest = download(root, url=url, sha256=sha256, progress=progress)
    fetched = f"{root / PUBLIC_FILE}: {manifest.rows:,} order lines of {manifest.url}"
    say(escape_control_chars(fetched))
    say(f"SHA-256 of the zip: {manifest.sha256}")
    return FINE


@source_command.command("status", cls=Command)
@root_option
def status_command(root: Path) -> int:
    """Print where the raw data comes from, and what of it is landed."""
    last = _last_source(root)
    choice = choose(root, last=last)
    say(f"origin: {choice.origin}{' (as in the last run)' if choice.is_from_last_run else ''}")
    if choice.origin == SIMULATED:
        say(f"there is no real data: set {SOURCE_VARIABLE}, or run `retail source download`")
        return FINE
    sources = resolve(root, last=last, landed=cache_folder(root))
    reader = project_reader(root, cache_folder(root), sources.location)
    for source, each in to_read(sources, reader):
        state = "ready" if is_landed(source, cache_folder(root), each) else "not landed yet"
        say(escape_control_chars(f"{source.path} ({source.form}): {state}"))
    return FINE


@source_command.command("land", cls=Command)
@root_option
def land_command(root: Path) -> int:
    """Read every new or changed file into the cache of landed files."""
    landing = land_project(root, cache_folder(root), _last_source(root))
    for file in landing.files:
        details = ", ".join(filter(None, (file.form, file.encoding, file.note)))
        line = f"{file.source_file}: {file.raw_rows:,} order lines ({details})"
        say(escape_control_chars(line))
    say(f"{landing.raw_rows:,} order lines in {len(landing.files):,} files ({landing.origin})")
    return FINE


def _last_source(root: Path) -> LastSource | None:
    return last_source(root / default_database())
