"""Decide what is read: the given data, else the public data set, else a simulated shop."""

from __future__ import annotations

import glob
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Literal, NoReturn

from ingest.errors import IngestError, reading
from ingest.simulated import SIMULATED_FILE, simulate_into

Form = Literal["csv", "xlsx", "parquet"]
Origin = Literal["given", "public data set", "simulated shop"]

SOURCE_VARIABLE = "RETAIL_SOURCE"
PUBLIC_FILE = Path("data", "online_retail.parquet")
"""The converted download, below the project root."""

_ENDINGS: dict[str, Form] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",
    ".tsv.gz": "csv",
    ".xlsx": "xlsx",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_WILDCARDS = frozenset("*?[")
_HIDDEN = (".", "~$")
"""How names begin that other programs leave beside data; ``~$`` is a workbook's lock."""
_HIDDEN_FOLDERS = (".", "_")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SourceFile:
    """One raw file."""

    path: Path
    """Absolute."""
    label: str
    """Its name in the tables: the path below the parent of what was asked for."""

    @property
    def form(self) -> Form:
        """How it is read, by the ending of its name; what has no known one is read as text."""
        return _form(self.path) or "csv"


@dataclass(frozen=True)
class Sources:
    """The raw files to read, and where they come from."""

    origin: Origin
    files: tuple[SourceFile, ...]


def find_origin(root: Path, environ: Mapping[str, str] = os.environ) -> Origin:
    """Say where the raw data would come from now, without reading or making any."""
    if environ.get(SOURCE_VARIABLE):
        return "given"
    return "public data set" if (root / PUBLIC_FILE).exists() else "simulated shop"


def resolve(root: Path, environ: Mapping[str, str] = os.environ) -> Sources:
    """Find the raw files; where there are none, simulate a shop and warn.

    Args:
        root: the project root; a relative ``RETAIL_SOURCE`` starts there.
        environ: the environment, for ``RETAIL_SOURCE``.

    Raises:
        IngestError: there is nothing to read under the name that was given.
    """
    root = _absolute(root)
    origin = find_origin(root, environ)
    if origin == "given":
        return Sources(origin, _find(root, Path(environ[SOURCE_VARIABLE]).expanduser()))
    if origin == "public data set":
        return Sources(origin, _find(root, PUBLIC_FILE))
    _log.warning(
        "no real data: this is a simulated shop; set %s to your order lines, "
        "or fetch the public data set with `python -m ingest download`",
        SOURCE_VARIABLE,
    )
    simulate_into(root / SIMULATED_FILE)
    return Sources(origin, _find(root, SIMULATED_FILE))


def _find(root: Path, given: Path) -> tuple[SourceFile, ...]:
    asked = _absolute(root / given)
    with reading(asked):
        if asked.is_file():
            return _label([asked], asked.parent)
        if asked.is_dir():
            return _label(_raw_files(asked), asked.parent)
    if asked.exists():
        _refuse(asked, "is neither a file nor a folder")
    if _WILDCARDS.isdisjoint(str(given)):
        _refuse(asked, "does not exist")
    found = [root / name for name in glob.glob(str(given), root_dir=root, recursive=True)]  # noqa: PTH207 (root_dir)
    files = [_absolute(path) for path in found if path.is_file()]
    if not files:
        _refuse(asked, "matches no file")
    return _label(files, _absolute(root.joinpath(*takewhile(_WILDCARDS.isdisjoint, given.parts))))


def _raw_files(folder: Path) -> list[Path]:
    """List the raw files below a folder, at any depth, and warn of the others."""
    paths = list(_visible_files(folder))
    others = sorted(str(path.relative_to(folder)) for path in paths if not _form(path))
    if others:
        _log.warning("not read in %s, for their names: %s", folder, ", ".join(others))
    files = [path for path in paths if _form(path)]
    if not files:
        _refuse(folder, f"has no file that ends in {', '.join(_ENDINGS)}")
    return files


def _visible_files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if not name.startswith(_HIDDEN_FOLDERS)]
        yield from (Path(place, name) for name in names if not name.startswith(_HIDDEN))


def _raise(error: OSError) -> NoReturn:
    raise error


def _form(path: Path) -> Form | None:
    name = path.name.casefold()
    return next((form for ending, form in _ENDINGS.items() if name.endswith(ending)), None)


def _label(files: Iterable[Path], base: Path) -> tuple[SourceFile, ...]:
    files = sorted(files)
    for path in files:
        try:
            str(path).encode()
        except UnicodeEncodeError:
            _refuse(path, "has a name that is not UTF-8: rename it")
    return tuple(SourceFile(path, path.relative_to(base).as_posix()) for path in files)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow links)


def _refuse(path: Path, what: str) -> NoReturn:
    raise IngestError(f"{path} {what}; set {SOURCE_VARIABLE} to a file, folder or pattern")
