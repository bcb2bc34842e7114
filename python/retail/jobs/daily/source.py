"""Make sure there is something to read: given files, the public data set, or a simulated shop."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from retail.ingest import IngestError
from retail.ingest.download import PUBLIC_URL, URL_VARIABLE, download
from retail.ingest.fetch import redacted
from retail.ingest.last_run import last_source
from retail.ingest.progress import progress_bar
from retail.ingest.simulated import SIMULATED_FILE, simulate_into
from retail.ingest.sources import (
    GIVEN,
    PUBLIC,
    PUBLIC_FILE,
    SIMULATED,
    SOURCE_VARIABLE,
    LastSource,
    choose,
    named_source,
)

Say = Callable[[str], None]

LOUD = (
    "SIMULATED DATA: these are no real order lines. To see real ones, set "
    f"{SOURCE_VARIABLE}, or run `retail source download` where the network allows it"
)


def make_sure_there_is_data(
    project: Path, database: Path, say: Say, *, bar: bool, simulate: bool = False
) -> dict[str, str]:
    """Download the public data set, or simulate a shop, where there is nothing to read yet.

    A download is tried once: where a simulated shop is there already, it is used. Sample data
    never take the place of what the last run read, unless asked for.

    Args:
        project: the project root.
        database: the DuckDB file, which knows what the last run read.
        say: called with one line on what is done, and loudly when the data are simulated.
        bar: draw a progress bar of a download.
        simulate: take the simulated shop, whatever there is.

    Returns:
        Settings of the environment that the rest of the run needs.

    Raises:
        IngestError: what the last run read is not there, or no shop can be simulated.
        StorageError: the DuckDB file can't be read.
    """
    if simulate and os.environ.get(SOURCE_VARIABLE):
        raise IngestError(f"--simulate and {SOURCE_VARIABLE} are both given; drop one of them")
    if simulate:
        return _simulated(project, say)
    last = last_source(database)
    if _wants_download(project, last):
        _download(project, say, bar=bar)
    choice = choose(project, last=last)
    if choice.origin == SIMULATED:
        return _simulated(project, say)
    if choice.is_from_last_run:
        say(f"reading {choice.location}, the source of the last run into {database.name}")
    elif choice.origin == GIVEN:
        say(f"reading {named_source(project)}")
    else:
        say("reading the public data set")
    return {}


def _simulated(project: Path, say: Say) -> dict[str, str]:
    say(LOUD)
    simulate_into(project / SIMULATED_FILE)
    return {SOURCE_VARIABLE: str(project / SIMULATED_FILE)}


def _wants_download(project: Path, last: LastSource | None) -> bool:
    """Whether there is nothing to read but what the network may have."""
    is_own = named_source(project) or (last and last.origin == GIVEN)
    is_simulated = (project / SIMULATED_FILE).exists() and not (last and last.origin == PUBLIC)
    return not (is_own or is_simulated or (project / PUBLIC_FILE).exists())


def _download(project: Path, say: Say, *, bar: bool) -> None:
    say(f"downloading {redacted(os.environ.get(URL_VARIABLE) or PUBLIC_URL)}")
    try:
        with progress_bar(shown=bar) as progress:
            download(project, progress=progress)
    except IngestError as error:
        say(f"no public data: {error}")
