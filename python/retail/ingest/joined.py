"""Land the files that shop.yml joins: one row per key, every column text."""

from __future__ import annotations

import hashlib
import itertools
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb

from retail.ingest.cache import HEX_DIGITS
from retail.ingest.columns import mention, resolve, text_columns
from retail.ingest.encodings import MIXED, as_cp1252, decide, is_cp1252
from retail.ingest.errors import IngestError, at_home, reading
from retail.ingest.forms.rewriting import plain_id
from retail.ingest.lenient_csv import read_records, split, splitter, without_end
from retail.ingest.mapping import Joined
from retail.ingest.nothing import is_nothing
from retail.ingest.rows import write_rows
from retail.ingest.shop.settings import Join, Shop
from retail.ingest.sniff import DELIMITERS, read_lines
from retail.ingest.sql import read_parquet
from retail.ingest.workspace import draft_in, keep
from retail.storage.durable import put_in_place

JOINED_ENDING = ".joined"
_log = logging.getLogger(__name__)


def land_joined(
    connection: duckdb.DuckDBPyConnection, shop: Shop, root: Path, location: str, cache: Path
) -> tuple[Joined, ...]:
    """Land the files that are joined, unless they are landed as they are now.

    Args:
        connection: any DuckDB connection.
        shop: the settings of shop.yml, which name files below the project or beside the source.
        root: the project root.
        location: where the order lines are.
        cache: folder of the landed files.

    Raises:
        IngestError: one is not there, can't be read, or has two rows with one key.
    """
    return tuple(
        _land(connection, join, find_beside(join.path, root, location, "join.path"), cache)
        for join in shop.join
    )


def find_beside(named: str, root: Path, location: str, setting: str) -> Path:
    """Find a file that shop.yml names, below the project or beside the order lines.

    Args:
        named: as it stands there.
        root: the project root.
        location: where the order lines are.
        setting: the key that names it.

    Raises:
        IngestError: there is none.
    """
    asked, path = Path(location), at_home(named)
    beside = asked if asked.is_dir() else next(p for p in asked.parents if p.is_dir())
    places = [folder / path for folder in (root, beside)]
    for place in places:
        if place.is_file():
            return place.absolute()
    tried = " nor ".join(map(str, dict.fromkeys(places)))
    raise IngestError(f"{setting} is '{path}' in shop.yml, and there is no {tried}")


def _land(connection: duckdb.DuckDBPyConnection, join: Join, path: Path, cache: Path) -> Joined:
    with reading(path):
        content = path.read_bytes()
    known = hashlib.sha256(f"{join.skip_rows}\0".encode() + content).hexdigest()
    target = cache / f"{known[:HEX_DIGITS]}{JOINED_ENDING}"
    lines = _below_junk(path, content, join.skip_rows)
    header = without_end(next(lines, ""))
    delimiter = max(DELIMITERS, key=header.count)
    names = tuple(name.strip() for name in split(header, splitter(delimiter))[0])
    if not target.exists():
        with draft_in(cache, ".parquet") as draft:
            records = read_records(lines, delimiter, len(names))
            fields = ([*r.fields, *[""] * len(names)][: len(names)] for r in records if r)
            write_rows(connection, fields, text_columns(len(names)), draft)
            put_in_place(draft, target)
    keep(target)
    rows = read_parquet([target])
    joined = Joined(path, rows, names, join.keys, known)
    _refuse_doubled_keys(connection, joined, path)
    return replace(joined, rows=_of_one_row(joined))


def _below_junk(path: Path, content: bytes, skipped: int) -> Iterator[str]:
    """The lines of a file from its header on."""
    encoding = _encoding(content)
    lines = read_lines(path, encoding, "\n")
    if encoding in MIXED:
        _log.warning(
            "%s has lines in UTF-8 and lines in cp1252, and is read line by line; save it as UTF-8",
            path,
        )  # fmt: skip
        lines = (as_cp1252(one) if is_cp1252(one, encoding) else one for one in lines)
    return itertools.dropwhile(
        lambda line: not line.strip(), itertools.islice(lines, skipped, None)
    )


def _encoding(content: bytes) -> str:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return decide(line for line in content.split(b"\n") if not line.isascii())
    return "utf-8-sig"


def _keys(joined: Joined) -> tuple[list[str], list[str]]:
    """The names of its columns by which it is joined, and SQL of their texts."""
    where = f"join.on of {joined.path.name}"
    named = [resolve(right, joined.names, where) for _, right in joined.keys]
    return named, [plain_id(f"c{joined.names.index(name)}") for name in named]


def _of_one_row(joined: Joined) -> str:
    """SQL: its rows without those of a key that is nothing and comes back: they would add lines."""
    _, keys = _keys(joined)
    nothing = " or ".join(is_nothing(key) for key in keys)
    key = f"({', '.join(keys)})"
    alone = f"select {key} from {joined.rows} where {nothing} group by all having count(*) = 1"  # noqa: S608 - by ingest.sql: quoted
    return f"(select * from {joined.rows} where not ({nothing}) or {key} in ({alone}))"  # noqa: S608 - as above


def _refuse_doubled_keys(connection: duckdb.DuckDBPyConnection, joined: Joined, path: Path) -> None:
    named, keys = _keys(joined)
    query = f"""
        select {", ".join(keys)}, count(*) as times from {joined.rows}
        where {" and ".join(f"not {is_nothing(key)}" for key in keys)}
        group by all having count(*) > 1 order by times desc, 1 limit 1
    """  # noqa: S608 - by ingest.sql: quoted
    if doubled := connection.execute(query).fetchone():
        *values, times = doubled
        raise IngestError(
            f"{path.name} has {times} rows with {mention(named)} '{', '.join(values)}'; "
            "a file that is joined has one row per key: join.on names more columns, or others"
        )
