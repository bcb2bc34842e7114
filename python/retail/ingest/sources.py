"""Decide what is read: the given data, else the public data set, else a simulated shop."""

from __future__ import annotations

import glob
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, NoReturn

from retail.ingest.columns import mention
from retail.ingest.errors import IngestError, at_home, reading
from retail.ingest.shop import read_shop
from retail.ingest.simulated import SIMULATED_FILE, simulate_into
from retail.ingest.workspace import CACHE_TAG

Form = Literal["csv", "xlsx", "parquet", "jsonl", "table"]
Origin = Literal["given", "public data set", "simulated shop"]
GIVEN: Origin = "given"
PUBLIC: Origin = "public data set"
SIMULATED: Origin = "simulated shop"

SOURCE_VARIABLE = "RETAIL_SOURCE"
PUBLIC_FILE = Path("data", "online_retail.parquet")
"""The converted download, below the project root."""

_ENDINGS: dict[str, Form] = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tsv": "csv",
    ".tsv.gz": "csv",
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".xlsb": "xlsx",
    ".xls": "xlsx",
    ".ods": "xlsx",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".json": "jsonl",
    ".json.gz": "jsonl",
    ".jsonl": "jsonl",
    ".jsonl.gz": "jsonl",
    ".ndjson": "jsonl",
    ".ndjson.gz": "jsonl",
}
_ONLY_BY_NAME = (".json", ".json.gz")
"""Endings of settings and descriptions too, that lie beside data."""
_SCHEMES, _SERVER_SCHEMES = ("duckdb", "sqlite"), ("postgres", "postgresql")
SERVER = "postgres:"
"""What a database may begin with, as in duckdb:FILE#schema.table, or postgres:VARIABLE#table."""
_TABLE_MARK, _QUERY = "#", ".sql"
_DATABASES = (".duckdb", ".db", ".sqlite", ".sqlite3")
_WILDCARDS = frozenset("*?[")
_HIDDEN = (".", "~$")
"""How names begin that other programs leave beside data; ``~$`` is a workbook's lock."""
_HIDDEN_FOLDERS = (".", "_")
_OTHERWISE = f"set {SOURCE_VARIABLE}, or say `--simulate` to have a simulated shop in its place"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SourceFile:
    """One raw file."""

    path: Path
    """Absolute."""
    label: str
    """Its name in the tables: the path below the parent of what was asked for."""
    table: str | None = None
    """The table that is asked for, or the file of the query, where it is a database."""
    query: str | None = None
    """SQL whose rows are asked for, in place of a table's."""

    @property
    def server(self) -> str | None:
        """The environment variable that has the address of the server; None of a file."""
        name = str(self.path)
        return name.removeprefix(SERVER) if name.startswith(SERVER) else None

    @property
    def form(self) -> Form:
        """How it is read, by the ending of its name; what has no known one is read as text."""
        return "table" if self.table else _form(self.path) or "csv"


@dataclass(frozen=True)
class Sources:
    """The raw files to read, and where they come from."""

    origin: Origin
    location: str
    """What was asked for: a file, a folder, a pattern or FILE#table, absolute."""
    files: tuple[SourceFile, ...]
    warnings: tuple[str, ...] = ()
    """What lies there too and is not read."""


@dataclass(frozen=True)
class LastSource:
    """What the last good run into a DuckDB file read."""

    origin: Origin
    location: str | None
    """None where the file was built before this was noted."""
    database: Path


@dataclass(frozen=True)
class Choice:
    """Where the raw data come from, decided without reading or making any."""

    origin: Origin
    location: Path
    is_from_last_run: bool = False


def named_source(root: Path, environ: Mapping[str, str] = os.environ) -> str | None:
    """The raw data that somebody names: by RETAIL_SOURCE, else in shop.yml.

    Raises:
        IngestError: shop.yml is wrong.
    """
    return environ.get(SOURCE_VARIABLE) or read_shop(root, environ).source.asked


def place_of(given: str, start: Path) -> Path:
    """Where a source is: a file, folder or pattern, FILE#table of a database or of a server.

    Args:
        given: as RETAIL_SOURCE names it, from where somebody is.
        start: what a relative path starts from.

    Raises:
        IngestError: it names a database in a form that is not read.
    """
    scheme, named, rest = given.partition(":")
    is_server = bool(named) and scheme in _SERVER_SCHEMES
    is_file = bool(named) and scheme in _SCHEMES
    file, mark, table = (rest if is_file else given).rpartition(_TABLE_MARK)
    if is_server and not file.removeprefix(SERVER).isidentifier():
        # Not with what is given: that may be an address with its password.
        raise IngestError(
            f"{scheme}:… names no environment variable and table; write {SERVER}VARIABLE"
            f"{_TABLE_MARK}table, and set it to postgresql://user:password@host/database"
        )
    if (is_server or is_file) and not (file and table):
        raise IngestError(f"{given} names no table; write {scheme}:FILE{_TABLE_MARK}table")
    if mark and table.endswith(_QUERY):
        table = str(_absolute(start / at_home(table)))
    if not file:
        return _absolute(start / at_home(table))
    place = file if is_server else str(_absolute(start / at_home(file)))
    return Path(f"{place}{mark}{table}")


def choose(
    root: Path, environ: Mapping[str, str] = os.environ, last: LastSource | None = None
) -> Choice:
    """Decide where the raw data come from: the given source, that of the last run, sample data.

    Args:
        root: the project root; a relative ``RETAIL_SOURCE`` starts there.
        environ: the environment, for ``RETAIL_SOURCE``, which goes before shop.yml's source.
        last: what the last good run read; sample data never take the place of somebody's own.

    Raises:
        IngestError: the last run read data that this one can't find, or shop.yml is wrong.
    """
    root = _absolute(root)
    if given := named_source(root, environ):
        location = place_of(given, root)
        is_ours = location == root / SIMULATED_FILE
        return Choice(SIMULATED if is_ours else GIVEN, location)
    if last and last.origin == GIVEN:
        return _last_given(last)
    if (root / PUBLIC_FILE).exists():
        return Choice(PUBLIC, root / PUBLIC_FILE)
    if last and last.origin == PUBLIC:
        raise IngestError(
            f"{last.database} was built from the public data set, and {root / PUBLIC_FILE} is not "
            f"there any more; fetch it with `retail source download`, {_OTHERWISE}"
        )
    return Choice(SIMULATED, root / SIMULATED_FILE)


def _last_given(last: LastSource) -> Choice:
    built = f"{last.database} was built from data of your own"
    if not last.location:
        raise IngestError(f"{built}, and does not say from where; {_OTHERWISE}")
    location = Path(last.location)
    if _is_table(location):
        return Choice(GIVEN, location, is_from_last_run=True)
    is_pattern = not location.exists() and not _WILDCARDS.isdisjoint(_split(location)[1])
    if not (is_pattern or location.exists()):
        raise IngestError(f"{built} in {location}, which is not there; {_OTHERWISE}")
    return Choice(GIVEN, location, is_from_last_run=True)


def resolve(
    root: Path,
    environ: Mapping[str, str] = os.environ,
    last: LastSource | None = None,
    landed: Path | None = None,
) -> Sources:
    """Find the raw files; where there are none, simulate a shop and warn.

    Args:
        root: the project root; a relative ``RETAIL_SOURCE`` starts there.
        environ: the environment, for ``RETAIL_SOURCE``.
        last: what the last good run read.
        landed: folder of the landed files, which are never read as raw data.

    Raises:
        IngestError: there is nothing to read under the name that was given, or what the last run
            read is not there.
    """
    root = _absolute(root)
    choice = choose(root, environ, last)
    if choice.is_from_last_run:
        _log.info("reading %s, the source of the last run", choice.location)
    if choice.origin == SIMULATED:
        _log.warning(
            "no real data: this is a simulated shop; set %s to your order lines, "
            "or fetch the public data set with `retail source download`",
            SOURCE_VARIABLE,
        )
        simulate_into(root / SIMULATED_FILE)
    sources = find(root, choice, landed)
    for warning in sources.warnings:
        _log.warning("%s", warning)
    return sources


def find(root: Path, choice: Choice, landed: Path | None = None) -> Sources:
    """Find the raw files of a choice, without a word.

    Args:
        root: the project root.
        choice: where the raw data come from.
        landed: folder of the landed files, which are never read as raw data.

    Raises:
        IngestError: there is nothing to read.
    """
    root = _absolute(root)
    ours = [root / PUBLIC_FILE, (root / SIMULATED_FILE).parent]
    ours += [_absolute(landed)] if landed else []
    warnings: list[str] = []
    files = _find(choice.location, ours, warnings.append)
    return Sources(choice.origin, str(choice.location), files, tuple(warnings))


def _find(asked: Path, ours: Sequence[Path], warn: Callable[[str], None]) -> tuple[SourceFile, ...]:
    """Find the files of a name; what this project wrote is read only where it is named itself."""
    with reading(asked):
        if _is_table(asked):
            return (_table_of(asked),)
        if asked.is_file():
            if asked.name.casefold().endswith(_DATABASES):
                _refuse(asked, f"is a database; name its table: duckdb:{asked}#schema.table")
            return _label([asked], asked.parent)
        if asked.is_dir():
            files = _raw_files(asked, warn)
            return _label(_without_ours(files, asked, ours, warn), asked.parent)
    if asked.exists():
        _refuse(asked, "is neither a file nor a folder")
    base, pattern = _split(asked)
    if _WILDCARDS.isdisjoint(pattern):
        _refuse(asked, "does not exist")
    found = [base / name for name in glob.glob(pattern, root_dir=base, recursive=True)]  # noqa: PTH207 (root_dir)
    files = [_absolute(path) for path in found if not path.is_dir()]
    if not files:
        _refuse(asked, "matches no file")
    return _label(_without_ours(files, base, ours, warn), base)


def _is_table(asked: Path) -> bool:
    """Whether a name is FILE#table, or that of a table on a server."""
    file, _, table = str(asked).rpartition(_TABLE_MARK)
    is_there = file.startswith(SERVER) or Path(file or ".").is_file()
    return bool(table) and not asked.exists() and is_there


def _table_of(asked: Path) -> SourceFile:
    """The database and the table, or the query, of FILE#table."""
    file, mark, table = str(asked).rpartition(_TABLE_MARK)
    is_query = table.endswith(_QUERY)
    label = f"{Path(file).name}{mark}{Path(table).name if is_query else table}"
    query = Path(table).read_text(encoding="utf-8").strip().rstrip(";") if is_query else None
    return SourceFile(Path(file), label, table, query)


def find_table(source: SourceFile, tables: Sequence[Sequence[str]]) -> tuple[str, str]:
    """Find the table that is asked for, with or without its schema, in whatever case.

    Args:
        source: names it.
        tables: schema and name of each that there is.

    Raises:
        IngestError: there is none, or there are several of that name.
    """
    asked = str(source.table).casefold()
    known = {f"{schema}.{name}": (schema, name) for schema, name in tables}
    found = [
        full for full, (_, name) in known.items() if asked in (name.casefold(), full.casefold())
    ]
    if len(found) == 1:
        return known[found[0]]
    if found:
        several = ", ".join(found)
        raise IngestError(f"{source.path} has several tables {source.table}: name one of {several}")
    raise IngestError(f"{source.path} has no table {source.table}; it has {mention([*known])}")


def _split(asked: Path) -> tuple[Path, str]:
    """Split a path into the folder that is there, whatever its name, and the pattern below it."""
    base = next(parent for parent in asked.parents if parent.is_dir())
    return base, str(asked.relative_to(base))


def _without_ours(
    files: Sequence[Path], base: Path, ours: Sequence[Path], warn: Callable[[str], None]
) -> Sequence[Path]:
    """Leave out what this project wrote: sample data, and whatever lies in a cache."""

    @cache
    def is_ours(path: Path) -> bool:
        if path in ours or (path / CACHE_TAG).is_file():
            return True
        return path != base and path != path.parent and is_ours(path.parent)

    theirs = [path for path in files if not is_ours(path)]
    if len(theirs) < len(files):
        left_out = f"{len(files) - len(theirs)} files that this project wrote"
        if not theirs:
            _refuse(base, f"has nothing but {left_out}")
        warn(f"not read in {base}: {left_out} (landed copies, sample data)")
    return theirs


def _raw_files(folder: Path, warn: Callable[[str], None]) -> list[Path]:
    """List the raw files below a folder, at any depth, and warn of the others."""
    seen = [path for path in _visible_paths(folder) if path.name != CACHE_TAG]
    paths = [path for path in seen if not path.is_dir()]
    if folders := sorted(str(path.relative_to(folder)) for path in seen if path.is_dir()):
        warn(f"not read in {folder}, for they are links to folders or empty: {mention(folders)}")
    others = sorted(
        str(path.relative_to(folder))
        for path in paths
        if not (_is_raw(path) or (path.parent / CACHE_TAG).exists())
    )
    if others:
        warn(f"not read in {folder}, for their names: {mention(others)}")
    files = [path for path in paths if _is_raw(path)]
    if not files:
        endings = ", ".join(ending for ending in _ENDINGS if ending not in _ONLY_BY_NAME)
        _refuse(folder, f"has no file that ends in {endings}")
    return files


def _visible_paths(folder: Path) -> Iterator[Path]:
    """The files below a folder, and the folders that one may think to be read: links and empty."""
    for place, folders, names in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if not name.startswith(_HIDDEN_FOLDERS)]
        yield from (path for name in folders if (path := Path(place, name)).is_symlink())
        yield from (Path(place, name) for name in names if not name.startswith(_HIDDEN))
        if not (folders or names) and _form(Path(place)):
            yield Path(place)


def _raise(error: OSError) -> NoReturn:
    raise error


def _is_raw(path: Path) -> bool:
    """Whether a file is read where its folder is asked for."""
    return bool(_form(path)) and not path.name.casefold().endswith(_ONLY_BY_NAME)


def _form(path: Path) -> Form | None:
    name = path.name.casefold()
    return next((form for ending, form in _ENDINGS.items() if name.endswith(ending)), None)


def _label(files: Iterable[Path], base: Path) -> tuple[SourceFile, ...]:
    files = sorted(files)
    for path in files:
        if not path.is_file():  # reading a pipe or a device need never end
            _refuse(path, "is no file but a pipe, a device or a link to nothing: take it away")
        try:
            str(path).encode()
        except UnicodeEncodeError:
            _refuse(path, "has a name that is not UTF-8: rename it")
    return tuple(SourceFile(path, path.relative_to(base).as_posix()) for path in files)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 (resolve() would follow links)


def _refuse(path: Path, what: str) -> NoReturn:
    raise IngestError(f"{path} {what}; set {SOURCE_VARIABLE} to a file, folder or pattern")
