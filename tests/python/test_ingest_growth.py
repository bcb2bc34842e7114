"""A file that has grown is read from where it has, and landed as if it had been read whole."""

from __future__ import annotations

import gzip
import os
import tempfile
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retail import ingest
from retail.ingest import append_detection, parquet_cache, sniff
from retail.ingest.cache import forget_unused
from retail.ingest.workspace import CACHE_TAG, open_duckdb
from test_ingest_support import GOOD, HEADER, LINE, good_csv, land, read, refusal, write

BASE = f"{HEADER}\n" + f"{GOOD}\n" * 60
MORE = f"{GOOD}\n".replace("France", "Norway")
QUOTED = '"' + '","'.join(LINE) + '"\n'
OPENED = '1,2,"open,4,5,6,7,8\n'
DAY = 24 * 3600

Seen = tuple[list[tuple[object, ...]], list[tuple[object, ...]]]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """Shows what was landed; opening another one takes longer than landing a small file."""
    with open_duckdb() as connection:
        yield connection


def everything(connection: duckdb.DuckDBPyConnection, landed: ingest.Landing) -> Seen:
    """Every cell of both views, but for the time of landing."""
    ingest.create_views(connection, landed)
    rows = "select * from raw.order_lines order by source_file, source_row"
    files = "select * exclude (landed_at) from raw.files"
    return connection.execute(rows).fetchall(), connection.execute(files).fetchall()


def seen(connection: duckdb.DuckDBPyConnection, source: Path, project: Path) -> Seen | str:
    """The same, or the line that the source is refused with."""
    try:
        return everything(connection, land(source, project))
    except ingest.IngestError as error:
        return str(error)


def parts(landed: ingest.Landing) -> int:
    return len(landed.landed[0].parquets)


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


# What is new costs what is new ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BASE, MORE),
        (BASE, MORE.removesuffix("\n")),
        (BASE, "\n \n" + MORE + "\n"),
        (BASE, OPENED + "1,2,3\n"),
        (BASE + OPENED + GOOD + "\n", '","' + MORE),
        (BASE + "1,2,3\n" + QUOTED, QUOTED),
        ("\ufeff" + BASE, "\ufeff" + MORE),
        (BASE.replace("\n", "\r\n"), MORE.replace("\n", "\r\n")),
        (BASE, MORE.replace("\n", "\r\n")),
        (BASE.replace("France", "Åland"), MORE.replace("Norway", "Österreich")),
        (BASE.replace(",", ";"), MORE.replace(",", ";")),
    ],
    ids=[
        "a line",
        "a line without an end",
        "blank lines",
        "broken lines",
        "behind a quote that was closed by nobody",
        "behind a broken line",
        "behind a byte order mark",
        "carriage returns",
        "other line ends",
        "UTF-8",
        "semicolons",
    ],
)
def test_only_the_end_is_read_and_all_is_as_if_it_had_been_read_whole(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    connection: duckdb.DuckDBPyConnection,
    before: str,
    after: str,
) -> None:
    source = write(tmp_path / "in.csv", before)
    land(source, tmp_path)
    write(source, before + after)
    whole = seen(connection, source, tmp_path / "elsewhere")
    monkeypatch.setattr(parquet_cache, "WRITERS", {})
    landed = land(source, tmp_path)
    assert parts(landed) == 2
    assert everything(connection, landed) == whole


def test_of_a_latin_1_file_only_the_end_is_read_while_that_is_latin_1_too(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    source = write(tmp_path / "in.csv", BASE + "£\n" + MORE * 9, "iso-8859-1")
    land(source, tmp_path)
    for more, count in ((MORE, 2), (MORE.replace("Norway", "Åland"), 2)):
        with source.open("ab") as file:
            file.write(more.encode("iso-8859-1"))
        landed = land(source, tmp_path)
        assert parts(landed) == count
        assert everything(connection, landed) == seen(connection, source, tmp_path / f"{count}")
    with source.open("ab") as file:
        file.write(MORE.replace("Norway", "Åland").encode())
    landed = land(source, tmp_path)
    assert parts(landed) == 1
    assert everything(connection, landed)[0][-1][7] == "Åland"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (BASE.encode(), MORE.replace("Norway", "Österreich").encode("iso-8859-1")),
        (BASE.removesuffix("\n").encode(), f"0\n{MORE}".encode()),
        (BASE.replace("\n", "\r\n").removesuffix("\n").encode(), f"\n{MORE}".encode()),
        (BASE.replace("\n", "\r").encode(), f"\n{MORE}".encode()),
        ((BASE + OPENED).encode(), b'close",4,5,6,7,8\n'),
        ((BASE + "1,2,3\n").encode(), MORE.encode()),
        (f"\n{BASE}".encode(), MORE.encode()),
        (BASE.encode("utf-16"), MORE.encode("utf-16-le")),
        (gzip.compress(BASE.encode()), gzip.compress(MORE.encode())),
        (HEADER.encode() + b"\n" * 99, MORE.encode()),
        (BASE.encode(), MORE.encode() * 60),
        (BASE.encode(), b"\0"),
        (BASE.encode(), b"x" * sniff.LONGEST_LINE),
        (f" \n{BASE}".encode(), f"{HEADER}\n{MORE}".encode()),
    ],
    ids=[
        "another encoding",
        "the last line goes on",
        "between carriage return and line feed",
        "other line ends",
        "the quote is closed now",
        "the last line is broken",
        "the header is not the first line",
        "UTF-16",
        "gzip",
        "no row before",
        "much more than there was",
        "no longer text",
        "an endless line",
        "another header behind a header that is not the first line",
    ],
)
def test_what_cannot_be_read_by_itself_is_read_whole(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, before: bytes, after: bytes
) -> None:
    source = written(tmp_path / "in.csv", before)
    seen(connection, source, tmp_path)
    written(source, before + after)
    whole = seen(connection, source, tmp_path / "elsewhere")
    assert seen(connection, source, tmp_path) == whole
    assert isinstance(whole, str) or parts(land(source, tmp_path)) == 1


def test_a_file_that_begins_otherwise_is_read_whole(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", BASE)
    land(source, tmp_path)
    write(source, BASE.replace("WHITE", "BLACK", 1) + MORE)
    landed = land(source, tmp_path)
    assert parts(landed) == 1
    assert read(source, tmp_path)[0][2] == "BLACK HEART"


def test_a_file_that_became_shorter_is_found_again(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", BASE)
    first = land(source, tmp_path)
    write(source, BASE + MORE)
    land(source, tmp_path)
    write(source, BASE)
    assert land(source, tmp_path) == first


def test_a_file_that_grows_every_day_is_in_few_parts_and_lines_are_read_few_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "in.csv", BASE)
    land(source, tmp_path)
    read_bytes = []
    cut_off = append_detection.cut_off

    def counted(path: Path, at: int, target: Path) -> bytes | None:
        read_bytes.append(path.stat().st_size - at)
        return cut_off(path, at, target)

    monkeypatch.setattr(parquet_cache, "cut_off", counted)
    most = 0
    for _ in range(20):
        with source.open("a") as file:
            file.write(MORE)
        most = max(most, parts(land(source, tmp_path)))
    assert 3 <= most <= 5
    assert sum(read_bytes) <= 4 * 20 * len(MORE)
    assert len(read(source, tmp_path)) == 80


# Hostile ends --------------------------------------------------------------------------------

LONG, BLOCK = 240, 1000
OPENING, CLOSING = OPENED.strip(), 'close",4,5,6,7,8'
ÅLAND = GOOD.replace("France", "Åland")
LINES = st.sampled_from(
    [
        *[GOOD.encode()] * 4,
        *[OPENING.encode(), CLOSING.encode()] * 3,
        *[ÅLAND.encode(), ÅLAND.encode("iso-8859-1")] * 2,
        QUOTED.strip().encode(),
        GOOD.replace("WHITE HEART", '"a\nb"').encode(),
        GOOD.replace("HEART", 'a "x" ').encode(),
        GOOD.replace("France", "\x80").encode("iso-8859-1"),
        f"\ufeff{GOOD}".encode(),
        b'1,2,"a"b,4,5,6,7,8',
        b"1,2,3",
        GOOD.encode() + b",9",
        b",,,,,,,",
        b'a,"',
        b'"',
        b"   ",
        b"",
        *[GOOD.replace("HEART", "x" * LONG).encode()] * 2,
        HEADER.encode(),
        b"\0",
    ]
)
ENDS = st.sampled_from([b"\n"] * 12 + [b"\r\n"] * 2 + [b"\r", b""])
TEXTS = st.lists(st.tuples(LINES, ENDS).map(b"".join), min_size=1, max_size=3).map(b"".join)
FIRST = st.tuples(
    st.sampled_from([b""] * 8 + [b"\xef\xbb\xbf", b" \n"]),
    st.sampled_from([BASE.encode()] * 3 + [BASE.replace("\n", "\r\n").encode()]),
    st.just(b"") | TEXTS,
).map(b"".join)


@settings(max_examples=80)
@given(
    first=FIRST,
    tails=st.lists(st.tuples(TEXTS, st.just(0) | st.integers(0, 9)), min_size=1, max_size=4),
    block=st.sampled_from([BLOCK, sniff._BLOCK]),
    longest=st.sampled_from([LONG, sniff.LONGEST_LINE]),
)
@example(
    first=BASE.encode() + b"\xc3\n",
    tails=[(b"\xa9\n", 0)],
    block=sniff._BLOCK,
    longest=sniff.LONGEST_LINE,
)
def test_whatever_is_added_wherever_it_is_cut_is_landed_as_from_scratch(
    connection: duckdb.DuckDBPyConnection,
    first: bytes,
    tails: list[tuple[bytes, int]],
    block: int,
    longest: int,
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet_cache, "open_duckdb", lambda _: nullcontext(connection))
        patch.setattr(sniff, "_BLOCK", block)
        for module in (sniff, append_detection):
            patch.setattr(module, "LONGEST_LINE", longest)
        project, data = Path(folder), first
        source = written(project / "in.csv", data)
        seen(connection, source, project)
        for turn, (tail, short_by) in enumerate(tails):
            data += tail
            source = written(source, data[: len(data) - short_by])  # the rest comes next time
            whole = seen(connection, source, project / str(turn))
            assert seen(connection, source, project) == whole


# Faults --------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", ["cut_off", "write_rest"])
def test_a_file_that_is_replaced_by_one_that_begins_like_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    source = write(tmp_path / "in.csv", BASE)
    land(source, tmp_path)
    write(source, BASE + MORE)
    usual = getattr(parquet_cache, moment)

    def disturbed(*what: object) -> object:
        write(tmp_path / "new", BASE + MORE.replace("Norway", "Sweden")).replace(source)
        return usual(*what)

    monkeypatch.setattr(parquet_cache, moment, disturbed)
    kept = sorted(tmp_path.joinpath(ingest.LANDED_FOLDER).iterdir())
    message = "in.csv changed while it was read; run again when it is complete"
    assert refusal(source, tmp_path) == message
    assert sorted(tmp_path.joinpath(ingest.LANDED_FOLDER).iterdir()) == kept
    monkeypatch.undo()
    assert read(source, tmp_path)[-1][7] == "Sweden"


@pytest.mark.parametrize("damaged", ["the beginning", "the end"])
@pytest.mark.parametrize("turn", ["asked for again", "grown again"])
def test_a_damaged_part_is_landed_again(
    tmp_path: Path, connection: duckdb.DuckDBPyConnection, damaged: str, turn: str
) -> None:
    source = write(tmp_path / "in.csv", BASE)
    land(source, tmp_path)
    write(source, BASE + MORE)
    hurt = land(source, tmp_path).landed[0].parquets[damaged == "the end"]
    data = bytearray(hurt.read_bytes())
    data[len(data) // 2] ^= 1
    hurt.write_bytes(data)
    if turn == "grown again":
        write(source, BASE + MORE * 2)
    whole = seen(connection, source, tmp_path / "elsewhere")
    assert seen(connection, source, tmp_path) == whole


def test_a_part_is_kept_as_long_as_a_record_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / ingest.LANDED_FOLDER
    source = write(tmp_path / "in.csv", BASE)
    land(source, tmp_path)
    (first,) = cache.glob("*.json")
    write(source, BASE + MORE)
    landed = land(source, tmp_path)
    for path in (first, *cache.glob("*.parquet")):
        os.utime(path, (0, 0))
    forget_unused(cache, ())
    assert not first.exists()
    monkeypatch.setattr(parquet_cache, "_land_anew", None)
    assert land(source, tmp_path) == landed
    for path in cache.iterdir():
        os.utime(path, (0, 0))
    forget_unused(cache, ())
    assert {path.name for path in cache.iterdir() if path.suffix != ".facts"} == {CACHE_TAG}


def test_what_an_older_version_landed_is_forgotten_with_its_record(tmp_path: Path) -> None:
    for name in ("0" * 32 + ".json", "0" * 32 + ".parquet"):
        os.utime(write(tmp_path / name, "{}"), (0, 0))
    good_csv(tmp_path / "1-1.parquet")
    forget_unused(tmp_path, ())
    assert [path.name for path in tmp_path.iterdir()] == ["1-1.parquet"]
