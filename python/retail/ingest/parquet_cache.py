"""Land every raw file once: as Parquet files of texts in a cache, found again by a stat.

A file that has grown is read from where it has; one that was only touched is not read again.
Parquet files are not copied but read where they are.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import duckdb

from retail.ingest import postgres
from retail.ingest.append_detection import cut_off, find_landed
from retail.ingest.cache import (
    LandedFile,
    Part,
    RawFile,
    Record,
    checksum,
    digest,
    forget_unused,
    part_name,
    publish,
    recall,
    record_path,
)
from retail.ingest.columns import COLUMNS, mention
from retail.ingest.confined import scan_parquet
from retail.ingest.dates import (
    DAY_FIRST,
    MONTH_FIRST,
    DateEvidence,
    DateOrder,
    Decision,
    ShortDates,
    decide,
    gather,
    merge,
)
from retail.ingest.dates import SETTING as DATE_SETTING
from retail.ingest.delimited import write_rest
from retail.ingest.errors import CannotWriteError, IngestError, writing
from retail.ingest.exported import write_exported
from retail.ingest.facts import FACTS_ENDING, Facts, gather_facts
from retail.ingest.fingerprint import Fingerprint, changed, database_sha256, fingerprint, insist_on
from retail.ingest.forms.moments import (
    SINCE_1904,
    SINCE_1970,
    Kind,
    count_zones,
    find_midnights,
)
from retail.ingest.forms.numbers import CODES, apart, currency_in, differing
from retail.ingest.forms.rewriting import MONEY, find_rewriting, is_no_line
from retail.ingest.in_place import show_parquet
from retail.ingest.joined import JOINED_ENDING, find_beside, land_joined
from retail.ingest.mapping import (
    PlannedRows,
    Reader,
    currency_queries,
    field_query,
    line_query,
)
from retail.ingest.missed import insist_on_rules, warn_of_unmatched
from retail.ingest.rivals import warn_of_rivals
from retail.ingest.rows import Piece, copy, noted
from retail.ingest.shop import Shop, read_shop
from retail.ingest.shop.reading import presets
from retail.ingest.sniff import is_gzip
from retail.ingest.sources import LastSource, Origin, SourceFile, Sources, resolve
from retail.ingest.sql import OTHER_ROW_HASH, ROW_HASH, read_parquet
from retail.ingest.unread import look_into
from retail.ingest.workspace import draft_in, keep, mark_as_cache, open_duckdb, sweep_drafts
from retail.ingest.writers import WRITERS
from retail.storage.errors import first_line

CACHE_VARIABLE = "RETAIL_CACHE"
LANDED_FOLDER = Path("data", "landed")
"""The usual cache, below the project root."""
LANDING_VERSION = 15
"""Rises when a file would be landed differently, so that it is landed again."""

READABLE_ENDING, READABLE_VERSION = ".readable", 2
"""Of marks that all of a Parquet file was decoded once, and what is to be noted of it."""
WITHOUT_CHECKSUMS = (
    "its pages have no checksums, so damage that leaves readable values would not be noticed "
    "(pyarrow and pandas write them with write_page_checksum=True)"
)

USUAL = Reader()
"""Reads what needs no settings."""
_NOTHING = Record(files=(), parts=(), size=0, sha256="", broken=0)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Landed:
    """Order lines that SQL can read: landed files, or a query over a file read in place."""

    files: tuple[LandedFile, ...]
    parquets: tuple[Path, ...] = ()
    query: str | None = None
    read_in_place: tuple[Path, Fingerprint] | None = None
    """The file of the query, and the state that all of its values could be decoded in."""


@dataclass(frozen=True)
class Landing:
    """Everything that was found, ready to be shown."""

    origin: Origin
    location: str
    """What was asked for: a file, a folder or a pattern, absolute."""
    landed: tuple[Landed, ...]
    files: tuple[RawFile, ...]
    """All raw files, in the order in which they were found."""
    facts: Facts
    """What all of them together say."""
    shop: Shop
    """The settings of shop.yml, with the dimensions of its preset."""

    @property
    def parquets(self) -> tuple[Path, ...]:
        """All landed files that hold their rows."""
        return tuple(path for landed in self.landed for path in landed.parquets)

    @property
    def raw_rows(self) -> int:
        """Number of order lines in all raw files."""
        return sum(file.raw_rows for file in self.files)


def land(sources: Sources, cache: Path, reader: Reader = USUAL) -> Landing:
    """Land the raw files that are not landed yet, and forget what nobody has asked for lately.

    Args:
        sources: what to read.
        cache: folder of the landed files; made where it is missing.
        reader: finds the order lines among the columns, as shop.yml says.

    Raises:
        IngestError: a file can't be read, changed meanwhile, leaves open what its dates mean, or
            there is no order line at all.
    """
    cache = _ready(cache)
    lines = to_read(sources, reader)
    _insist_on_readable([one for one, _ in lines if one.form == "parquet"], cache)
    with (
        draft_in(cache, ".spill") as spill,
        open_duckdb(str(spill)) as connection,
        _asking(sources.location, reader.shop),
    ):
        landed = tuple(_land(connection, source, cache, each) for source, each in lines)
        files = _decide([file for found in landed for file in found.files], reader.shop)
        if not any(file.raw_rows for file in files):
            names = ", ".join(str(source.path) for source in sources.files[:3])
            raise IngestError(
                f"no order lines below the header of {names}; give a file that has some"
            )
        facts = _facts(connection, landed, files, reader, cache)
    shop = _with_dimensions(reader.shop, files)
    landing = Landing(sources.origin, sources.location, landed, files, facts, shop)
    forget_unused(cache, landing.parquets, (FACTS_ENDING, JOINED_ENDING, READABLE_ENDING))
    return landing


@contextmanager
def _asking(location: str, shop: Shop) -> Iterator[None]:
    """Turn what DuckDB refuses of rows that were read, as for want of memory, into one line."""
    try:
        yield
    except duckdb.Error as error:
        way_on = ""
        if isinstance(error, duckdb.ConversionException) and (asked := shop.expressions):
            way_on = (
                f"; see to it that {mention(asked)} in shop.yml is one comparison or more, and "
                "compares texts with texts, as in status = 'refund'"
            )
        raise IngestError(f"cannot read {location}: {first_line(error)}{way_on}") from error


def _with_dimensions(shop: Shop, files: Sequence[RawFile]) -> Shop:
    """The settings with the dimensions of the presets by which files were landed."""
    known = (presets()[file.preset][1].dimensions for file in files if file.preset)
    every = {name: one for dimensions in known for name, one in dimensions.items()}
    return shop.model_copy(update={"dimensions": every | shop.dimensions}) if every else shop


def to_read(sources: Sources, reader: Reader) -> tuple[tuple[SourceFile, Reader], ...]:
    """The files of order lines, each with what reads it: the file of returns last.

    Args:
        sources: what was asked for; what is joined to it may lie in the same folder.
        reader: of the order lines.

    Raises:
        IngestError: all that was asked for is joined, or is the file of returns.
    """
    others = [one.path for one in reader.joined]
    returns: tuple[tuple[SourceFile, Reader], ...] = ()
    if reader.returns:
        path, of_returns = reader.returns
        others += [path, *(one.path for one in of_returns.joined)]
        returns = ((SourceFile(path, path.name), of_returns),)
    # Whatever way leads to them: by a link, or by `..`.
    known = {path.resolve() for path in others}
    lines = tuple((one, reader) for one in sources.files if one.path.resolve() not in known)
    if not lines:
        raise IngestError(
            f"shop.yml names {others[0]} under join or returns, and {sources.location} has no "
            "file of order lines beside it; name another there, or other order lines"
        )
    return (*lines, *returns)


def _ready(cache: Path) -> Path:
    """Make the folder of the landed files where it is missing, and sweep it."""
    cache = cache.absolute()
    with writing(cache):
        cache.mkdir(parents=True, exist_ok=True)
        mark_as_cache(cache)
        sweep_drafts(cache)
    return cache


def project_reader(
    root: Path, cache: Path, location: str, environ: Mapping[str, str] = os.environ
) -> Reader:
    """What finds the order lines of a project among the columns of its files.

    Args:
        root: the project root.
        cache: folder of the landed files, where those are landed that shop.yml joins.
        location: where the order lines are.
        environ: the environment, for RETAIL_SHOP.

    Raises:
        IngestError: shop.yml is wrong, or a file that it joins can't be read.
    """
    shop = read_shop(root, environ)
    if shop.returns is None or shop.of_returns is None:
        return _reader(root, cache, location, shop)
    path = find_beside(shop.returns.path, root, location, "returns.path")
    of_returns = replace(_reader(root, cache, location, shop.of_returns), may_lack_dimensions=True)
    return replace(_reader(root, cache, location, shop), returns=(path, of_returns))


def _reader(root: Path, cache: Path, location: str, shop: Shop) -> Reader:
    """What reads a file by some settings, with the files that they join."""
    if not shop.join:
        return Reader(shop)
    with open_duckdb() as connection:
        return Reader(shop, land_joined(connection, shop, root, location, _ready(cache)))


def cache_folder(root: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the raw files of a project are landed: below its root, or where RETAIL_CACHE says."""
    return root / (environ.get(CACHE_VARIABLE) or LANDED_FOLDER)


def land_project(
    root: Path,
    cache: Path,
    last: LastSource | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Landing:
    """Land the raw data of a project, as its settings say.

    Args:
        root: the project root.
        cache: folder of the landed files.
        last: what the last good run read.
        environ: the environment, for RETAIL_SOURCE and RETAIL_SHOP.

    Raises:
        IngestError: as `resolve`, `read_shop` and `land`.
    """
    sources = resolve(root, environ, last, cache)
    return land(sources, cache, project_reader(root, cache, sources.location, environ))


def _facts(
    connection: duckdb.DuckDBPyConnection,
    landed: Sequence[Landed],
    files: tuple[RawFile, ...],
    reader: Reader,
    cache: Path,
) -> Facts:
    """What all files together say; the same rows are asked once."""
    currencies = [file.currency for file in files if file.currency]
    if len(several := differing(currencies)) > 1:
        first, second = several[:2]
        named = {file.currency: file.source_file for file in files}
        raise IngestError(
            f"{named[first]} is in {first} and {named[second]} in {second}; "
            "convert all to one (columns.unit_price.sql in shop.yml) or read one of them"
        )
    identity = (
        [[parquet.name for parquet in one.parquets] or one.query for one in landed],
        [(file.source_file, file.bytes, file.landed_at, file.preset) for file in files],
        reader.digest,
    )
    of_returns = reader.returns[0].name if reader.returns else None
    of_lines = [file for file in files if file.source_file != of_returns]
    facts = gather_facts(
        connection, lines_of(landed), of_lines, currencies, reader.shop, cache, identity
    )
    for warning in facts.warnings:
        _log.warning("%s", warning)
    return facts


def lines_of(landed: Sequence[Landed]) -> str:
    """SQL: all order lines that were landed, in the columns of raw.order_lines."""
    parquets = [path for one in landed for path in one.parquets]
    queries = [one.query for one in landed if one.query]
    if parquets:
        queries.insert(0, f"select {', '.join(COLUMNS)} from {read_parquet(parquets)}")  # noqa: S608 - by ingest.sql: quoted
    # In brackets: the lines that a plan makes are in an order, which no part of a union has bare.
    return f"({' union all by name '.join(f'({query})' for query in queries)})"


def _decide(files: Sequence[LandedFile], shop: Shop) -> tuple[RawFile, ...]:
    """Say of each file how it is to be read, and warn where that is not certain."""
    decisions = decide({found.file.source_file: found.dates for found in files}, shop.date_order)
    for order in (DAY_FIRST, MONTH_FIRST):
        in_order = {file: one for file, one in decisions.items() if one.order == order}
        _warn_of_dates({file: one for file, one in in_order.items() if not one.is_certain})
    read = [(found, decisions[found.file.source_file]) for found in files]
    return tuple(
        replace(
            found.file,
            content_hash=found.content_hashes.get(decision.order or MONTH_FIRST),
            date_order=decision.order,
            date_evidence=decision.evidence or None,
        )
        for found, decision in read
    )


def _warn_of_dates(uncertain: Mapping[str, Decision]) -> None:
    """Say once in what order the dates of some files are read, and why of the first."""
    if not uncertain:
        return
    file, first = next(iter(uncertain.items()))
    several = f"{len(uncertain):,} files, such as {file}," if len(uncertain) > 1 else file
    _log.warning(
        "dates of %s are read %s: %s; if that is wrong, set %s in shop.yml",
        several, first.order, first.evidence, DATE_SETTING,
    )  # fmt: skip


def is_landed(source: SourceFile, cache: Path, reader: Reader = USUAL) -> bool:
    """Say whether a raw file can be shown as it is now without reading it."""
    if source.form == "parquet":
        return True
    return recall(_record_path(source, state_of(source), cache, reader)) is not None


def state_of(source: SourceFile) -> Fingerprint:
    """Take the state that a raw file, or the rows on a server, are in now.

    Raises:
        IngestError: it can't be looked at.
    """
    return postgres.fingerprint(source) if source.server else fingerprint(source.path)


def landed_sha256(
    source: SourceFile, at: Fingerprint, cache: Path, reader: Reader = USUAL
) -> str | None:
    """SHA-256 of a raw file as it was landed; None where what was landed then is not there, whole.

    Args:
        source: the raw file.
        at: the state of it that was landed.
        cache: folder of the landed files.
        reader: finds the columns.
    """
    record = recall(_record_path(source, at, cache, reader))
    return record.sha256 if record else None


# One file ------------------------------------------------------------------------------------


def _record_path(source: SourceFile, fingerprint: Fingerprint, cache: Path, reader: Reader) -> Path:
    named = (str(source.path), source.label, source.query)
    raw_file = (LANDING_VERSION, duckdb.__version__, *named, reader.digest)
    return record_path(cache, raw_file, astuple(fingerprint))


def _land(
    connection: duckdb.DuckDBPyConnection, source: SourceFile, cache: Path, reader: Reader
) -> Landed:
    if source.form == "parquet":
        return _show(connection, source, cache, reader)
    with ExitStack() as asked:
        rows = asked.enter_context(postgres.snapshot(source)) if source.server else None
        before = rows.fingerprint() if rows else fingerprint(source.path)
        place = _record_path(source, before, cache, reader)
        record = recall(place) or _land_anew(connection, source, before, place, reader, rows)
    return Landed(record.files, parquets=tuple(cache / part.name for part in record.parts))


def _insist_on_readable(sources: Sequence[SourceFile], cache: Path) -> None:
    """Have every value of the Parquet files decoded once, where a crash harms nobody.

    Raises:
        IngestError: one can't be read.
    """
    marks = {one.path: _readable_mark(one, fingerprint(one.path), cache) for one in sources}
    new = [path for path, mark in marks.items() if not mark.exists()]
    with writing(cache):
        for path, has_checksums in scan_parquet(new):
            marks[path].write_text("" if has_checksums else WITHOUT_CHECKSUMS, encoding="utf-8")
    for mark in marks.values():
        keep(mark)


def _readable_mark(source: SourceFile, at: Fingerprint, cache: Path) -> Path:
    state = (READABLE_VERSION, duckdb.__version__, str(source.path), astuple(at))
    return cache / f"{digest(state)}{READABLE_ENDING}"


def _show(
    connection: duckdb.DuckDBPyConnection, source: SourceFile, cache: Path, reader: Reader
) -> Landed:
    """Show a Parquet file where it is."""
    before = fingerprint(source.path)
    try:
        note = _readable_mark(source, before, cache).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise changed(source.path) from error
    query, pieces, has_text_dates = show_parquet(connection, source, reader)
    asked = reader.shop.shop.currency
    made = _make_lines(
        connection, f"({query})", pieces, source, asked, has_text_dates=has_text_dates
    )
    query, pieces = (made.query, made.pieces) if made else (query, pieces)
    pieces = tuple(noted(one, note) for one in pieces)
    written = dt.datetime.fromtimestamp(before.mtime_ns / 1e9, dt.UTC)
    files = _raw_files(source, pieces, before.size, written)
    dates = _with_short(gather(connection, f"({query})") if has_text_dates else {}, made)
    return Landed(_landed_files(files, dates, {}), query=query, read_in_place=(source.path, before))


@dataclass(frozen=True)
class _Made:
    """A query of order lines, and what they were made of."""

    query: str
    pieces: tuple[Piece, ...]
    short_dates: Mapping[str, ShortDates]


def _make_lines(
    connection: duckdb.DuckDBPyConnection,
    rows: str,
    pieces: tuple[Piece, ...],
    source: SourceFile,
    asked: str | None,
    *,
    has_text_dates: bool = True,
) -> _Made | None:
    """Make order lines of landed rows by the plan of their header, in the form that models read.

    Args:
        connection: any DuckDB connection.
        rows: SQL of them.
        pieces: what they were read from.
        source: the file.
        asked: the currency of all money, where shop.yml says it.
        has_text_dates: dates are texts, whose zones are looked at.

    Returns:
        None where the rows are order lines as they are.
    """
    plan = next((piece.header.plan for piece in pieces if piece.header), None)
    own = plan.shop.shop.timezone if plan else None
    are_days = bool(
        plan and own and _are_days(connection, field_query(plan.in_no_zone, rows), source, own)
    )
    plan = plan.in_no_zone if plan and are_days else plan
    fields = field_query(plan, rows) if plan else rows
    zone = plan.shop.shop.timezone if plan else None
    if has_text_dates and not are_days:
        _warn_of_zones(connection, fields, source, zone)
    dates = {name for piece in pieces if piece.header for name in piece.header.date_names}
    no_line = None if plan else is_no_line(dates)
    settled = plan.settled if plan else ()
    rewriting = find_rewriting(connection, fields, source.label, zone, no_line, settled)
    if rewriting:
        is_settled = plan is not None and plan.shop.columns.ordered_at.format == SINCE_1904
        _warn_of_counted("text" if is_settled or are_days else rewriting.kind, source, zone)
        pieces = tuple(noted(one, rewriting.evidence) for one in pieces)
    lines = PlannedRows(plan, fields, rewriting, source.label) if plan else None
    named = _currency(connection, lines) if lines else None
    signs = rewriting.currency if rewriting else None
    short = rewriting.short_dates if rewriting else {}
    pieces = tuple(
        replace(piece, currency=_agreed(named, signs, _headed(piece), asked, source))
        for piece in pieces
    )
    if lines:
        insist_on_rules(connection, lines)
        warn_of_unmatched(connection, lines)
        known = (piece.header.preset for piece in pieces if piece.header)
        preset = next(filter(None, known), None)
        note = look_into(connection, lines, preset=preset)
        warn_of_rivals(connection, lines)
        pieces = tuple(noted(one, note) for one in pieces)
        return _Made(line_query(lines), pieces, short)
    return _Made(rewriting.of(fields), pieces, short) if rewriting else None


def _headed(piece: Piece) -> str | None:
    """The currency that the names of a piece's columns of money say."""
    read = piece.header.read_as if piece.header else {}
    return next(filter(None, (currency_in(read[name]) for name in MONEY if name in read)), None)


def _warn_of_zones(
    connection: duckdb.DuckDBPyConnection, rows: str, source: SourceFile, zone: str | None
) -> None:
    count, first = count_zones(connection, rows, zone)
    way_on = "write them year first, or with an offset" if zone else "set shop.timezone in shop.yml"
    if count:
        _log.warning(
            "%s: %s moments name a time zone (%s), which is dropped; %s to have them in the "
            "shop's time",
            source.label, f"{count:,}", first, way_on,
        )  # fmt: skip


def _are_days(
    connection: duckdb.DuckDBPyConnection, fields: str, source: SourceFile, zone: str
) -> bool:
    """Whether all moments in a zone are a midnight there, so that they are days; then says so."""
    found = find_midnights(connection, fields, "invoice_date")
    if found:
        _log.warning(
            "%s: all %s moments with a time zone are at midnight, such as %s: they are read as "
            "days, and not moved to shop.timezone, %s; if they are moments, write them without "
            "their zone, in the shop's time",
            source.label, f"{found[0]:,}", found[1], zone,
        )  # fmt: skip
    return bool(found)


def _warn_of_counted(kind: Kind, source: SourceFile, zone: str | None) -> None:
    """Say what is supposed of moments that are numbers."""
    if kind in SINCE_1970 and not zone:
        _log.warning(
            "%s: moments are counted since 1970 in UTC; set shop.timezone in shop.yml to have "
            "them in the shop's time",
            source.label,
        )
    if kind == "serial":
        _log.warning(
            "%s: dates are numbers, and are read as days of a spreadsheet since 1900; if they are "
            "of a workbook that counts from 1904, set %s in shop.yml to %s",
            source.label, DATE_SETTING, SINCE_1904,
        )  # fmt: skip


def _currency(connection: duckdb.DuckDBPyConnection, lines: PlannedRows) -> str | None:
    """The one currency of a file's money; None where nothing names it."""
    queries = currency_queries(lines)
    named = {name: connection.execute(query).fetchall() for name, query in queries.items()}
    found = {name: rows for name, rows in named.items() if rows}
    asked = lines.plan.shop.shop.currency
    if len(found) > 1 and any(_codes(rows) == {asked} for rows in found.values()):
        return asked
    alone = {name: rows[0] for name, rows in found.items() if len(_codes(rows)) == 1}
    for name, rows in found.items():
        if len(rows) > 1:
            (usual, most, _), (other, others, row) = rows[:2]
            agreed = next((f"{one} is {row[0]}" for one, row in alone.items()), None)
            shown = name if name.isidentifier() else f'\\"{name}\\"'
            way_on = f"; or set shop.currency if all money is in one, as {agreed}" * bool(agreed)
            raise IngestError(
                f"{lines.file} row {row}: {name} is {other}, as in {others:,} rows, and {usual} "
                f"in {most:,}; convert all to one (columns.unit_price.sql in shop.yml) or leave "
                f"rows out (lines.ignore: \"{shown} <> '{usual}'\"){way_on}"
            )
    if len({code for row in alone.values() for code in _codes([row])}) > 1:
        (name, (usual, *_)), (other, (code, others, row)) = [*alone.items()][:2]
        raise IngestError(
            f"{lines.file} row {row}: {other} is {code}, as in {others:,} rows, and {name} is "
            f"{usual}; set shop.currency in shop.yml to the one that all money is in"
        )
    return str(next(iter(alone.values()))[0]) if alone else None


def _agreed(
    named: str | None, signs: str | None, headed: str | None, asked: str | None, source: SourceFile
) -> str | None:
    """The currency that columns of currencies, signs beside amounts and the header all name."""
    said = {"a column of currencies": named, "the signs of amounts": signs, "the header": headed}
    found = {where: one for where, one in said.items() if one}
    codes = apart(_codes([[one] for one in found.values()]))
    if len(codes) > 1 and asked not in codes:
        shown = " and ".join(f"{one} by {where}" for where, one in found.items())
        raise IngestError(
            f"{source.label}: money is in {shown}; set shop.currency in shop.yml to the one that "
            "all of it is in"
        )
    return asked if len(codes) > 1 else named or signs


def _codes(found: Sequence[Sequence[object]]) -> set[str]:
    """The currencies of some rows as codes, where a sign means one."""
    return {CODES.get(str(code).lower(), str(code)).upper() for code, *_ in found}


def _land_anew(
    connection: duckdb.DuckDBPyConnection,
    source: SourceFile,
    before: Fingerprint,
    place: Path,
    reader: Reader,
    rows: postgres.Snapshot | None,
) -> Record:
    """Read a file, or what is new in it, and make sure that nobody wrote into it meanwhile."""
    started = time.perf_counter()
    if source.form == "table":
        sha256, since = before.checksum or database_sha256(source.path), None
    else:
        may_grow = source.form == "csv" and not is_gzip(source.path) and not reader.digest
        sha256, since = find_landed(source.path, before.size, place, may_grow=may_grow)
    if since and since.size == before.size:
        insist_on(source.path, before)
        return publish(place, since)
    with draft_in(place.parent, ".parquet") as draft:
        may_go_on = since and not since.is_rewritten
        rest = _read_rest(connection, source, since, draft) if since and may_go_on else None
        since = since if since and rest else _NOTHING
        pieces = (rest,) if rest else _read_whole(connection, source, before, draft, reader, rows)
        if not rows:
            insist_on(source.path, before)
        asked = reader.shop.shop.currency
        made = _make_lines(connection, read_parquet([draft]), pieces, source, asked)
        if made:
            pieces = made.pieces
            with draft_in(draft.parent, ".parquet") as other:
                copy(connection, made.query, other)
                other.replace(draft)
        files = _raw_files(source, pieces, before.size, dt.datetime.now(dt.UTC))
        dates, hashes = _examine(connection, draft, since)
        dates = _with_short(dates, made)
        new = Part(part_name(place, sha256, since.size), checksum(draft), before.size - since.size)
        broken = sum(piece.broken for piece in pieces)
        landed = _landed_files(files, dates, hashes)
        is_rewritten = made is not None
        record = Record(landed, (*since.parts, new), before.size, sha256, broken, is_rewritten)
        record = publish(place, record, draft)
    what = f"the last {new.raw_bytes:,} bytes of {source.path}" if since.size else source.path
    _log.info("landed %s in %.2f s", what, time.perf_counter() - started)
    return record


def _read_rest(
    connection: duckdb.DuckDBPyConnection, source: SourceFile, since: Record, draft: Path
) -> Piece | None:
    """Read what has been added to a file; None when that can't be read by itself."""
    file = since.files[0].file
    parts = read_parquet([draft.parent / part.name for part in since.parts])
    query = f"select max(source_row) from {parts}"  # noqa: S608 - by ingest.sql: quoted
    (last_row,) = connection.execute(query).fetchall()[0]
    known = Piece(
        source.label, file.raw_rows, file.encoding, file.note, since.broken, last_row or 0
    )
    with draft_in(draft.parent, ".csv") as rest:
        last_line = cut_off(source.path, since.size, rest)
        if last_line is None:
            return None
        try:
            piece = write_rest(connection, SourceFile(rest, source.label), known, last_line, draft)
            # What is written in another form may change how the whole file is read.
            odd = piece and find_rewriting(connection, read_parquet([draft]), source.label)
            return None if odd else piece
        except CannotWriteError:
            raise
        except (IngestError, duckdb.Error):
            return None  # the whole file is read instead, and reports what is wrong


def _read_whole(
    connection: duckdb.DuckDBPyConnection,
    source: SourceFile,
    before: Fingerprint,
    draft: Path,
    reader: Reader,
    rows: postgres.Snapshot | None,
) -> tuple[Piece, ...]:
    if rows:
        return write_exported(connection, source, draft, reader, rows)
    try:
        return WRITERS[source.form](connection, source, draft, reader)
    except IngestError:
        insist_on(source.path, before)
        raise
    except duckdb.Error as error:
        insist_on(source.path, before)
        raise IngestError(f"cannot land {source.path}: {first_line(error)}") from error


def _examine(
    connection: duckdb.DuckDBPyConnection, draft: Path, since: Record
) -> tuple[Mapping[str, DateEvidence], Mapping[str, Mapping[DateOrder, int]]]:
    """What the rows of each raw file say, and come to, with those landed before."""
    rows = read_parquet([draft])
    dates = gather(connection, rows)
    query = f"""
        select source_file, bit_xor({ROW_HASH}), bit_xor({OTHER_ROW_HASH}) from {rows} group by 1
    """  # noqa: S608 - by ingest.sql: quoted
    found = connection.execute(query).fetchall()
    hashes = {name: {MONTH_FIRST: usual, DAY_FIRST: other} for name, usual, other in found}
    for landed in since.files:
        name = landed.file.source_file
        dates[name] = merge(landed.dates, dates.get(name, DateEvidence()))
        before, new = landed.content_hashes, hashes.get(name, {})
        hashes[name] = {order: before[order] ^ new.get(order, 0) for order in before}
    return dates, hashes


def _with_short(
    dates: Mapping[str, DateEvidence], made: _Made | None
) -> Mapping[str, DateEvidence]:
    """What dates say, with those whose years were written with two digits."""
    short = made.short_dates if made else {}
    return {
        name: replace(one, short=short[name]) if name in short else one
        for name, one in dates.items()
    }


def _landed_files(
    files: Sequence[RawFile],
    dates: Mapping[str, DateEvidence],
    hashes: Mapping[str, Mapping[DateOrder, int]],
) -> tuple[LandedFile, ...]:
    names = [file.source_file for file in files]
    found = ((dates.get(name, DateEvidence()), hashes.get(name, {})) for name in names)
    return tuple(LandedFile(file, *each) for file, each in zip(files, found, strict=True))


def _raw_files(
    source: SourceFile,
    pieces: tuple[Piece, ...],
    size: int,
    at: dt.datetime,
) -> tuple[RawFile, ...]:
    landed_at = at.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
    return tuple(
        RawFile(
            source_file=piece.source_file,
            form=source.form,
            encoding=piece.encoding,
            raw_rows=piece.raw_rows,
            bytes=size,
            landed_at=landed_at,
            note=piece.note,
            preset=piece.header.preset if piece.header else None,
            currency=piece.currency or _headed(piece),
            columns=json.dumps(piece.header.read_as) if piece.header else None,
        )
        for piece in pieces
    )
