"""Make sure there is something to read: given files, the public data set, or a simulated shop."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from ingest import IngestError
from ingest.download import PUBLIC_URL, URL_VARIABLE, download
from ingest.fetch import told
from ingest.progress import progress_bar
from ingest.simulated import SIMULATED_FILE, simulate_into
from ingest.sources import SOURCE_VARIABLE, find_origin

Say = Callable[[str], None]

LOUD = (
    "SIMULATED DATA: these are no real order lines. To see real ones, set "
    f"{SOURCE_VARIABLE}, or run `python -m ingest download` where the network allows it"
)


def make_sure_there_is_data(project: Path, say: Say, *, bar: bool) -> None:
    """Download the public data set, or simulate a shop, where there is nothing to read yet.

    A download is tried once: where a simulated shop is there already, it is used.

    Args:
        project: the project root.
        say: told in one line what is done, and loudly when the data are simulated.
        bar: draw a progress bar of a download.

    Raises:
        IngestError: not even a shop can be simulated.
    """
    origin = find_origin(project)
    if origin == "given":
        say(f"reading {os.environ[SOURCE_VARIABLE]}")
    elif origin == "public data set" or _downloaded(project, say, bar=bar):
        say("reading the public data set")
    else:
        say(LOUD)
        simulate_into(project / SIMULATED_FILE)


def _downloaded(project: Path, say: Say, *, bar: bool) -> bool:
    if (project / SIMULATED_FILE).exists():
        return False
    say(f"downloading {told(os.environ.get(URL_VARIABLE) or PUBLIC_URL)}")
    try:
        with progress_bar(shown=bar) as progress:
            download(project, progress=progress)
    except IngestError as error:
        say(f"no public data: {error}")
        return False
    return True
