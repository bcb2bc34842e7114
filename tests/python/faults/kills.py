"""kill -9 at random moments, and two runs at once."""

from __future__ import annotations

import hashlib
import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import duckdb

from faults.bench import (
    BUILD,
    DAILY,
    DETECT,
    Bench,
    Seen,
    Shop,
    Tally,
    differing,
    lay,
    neither,
    seen,
    undisturbed,
)
from prefork import ended
from retail.ingest.sources import PUBLIC_FILE
from test_ingest_download import ZIP, Home

KILLED = -9
OFTEN = 3
"""Of so many kills, one is followed by a run that is left alone."""


def kill_builds(shop: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """`dbt build` by hand, `retail run` and `python -m detect`, each killed so many times."""
    return [
        _kill_tables(shop, chance, times, name, words)
        for name, words in {
            "dbt build": BUILD,
            "retail run": DAILY,
            "python -m detect": DETECT,
        }.items()
    ]


def _kill_tables(
    shop: Shop, chance: random.Random, times: int, name: str, words: tuple[str, ...]
) -> Tally:
    tally = Tally(f"kill -9 of `{name}`")
    bench = shop.bench
    complete, seconds = undisturbed(shop, words)
    good = seen(shop.good)
    killed = 0
    for turn in range(times):
        if turn % OFTEN == 0:
            lay(bench, shop)
        if chance.random() < 0.5:
            shutil.rmtree(bench.cache, ignore_errors=True)
        killed += kill(bench, words, chance.uniform(0, seconds))
        wrong = neither(seen(bench.database), good, complete)
        if turn % OFTEN == OFTEN - 1 or turn == times - 1:
            wrong = wrong or repaired(bench, words, complete)
        tally.count(wrong)
    tally.notes = f"{killed} died, {times - killed} were done before"
    return tally


def kill(bench: Bench, words: Sequence[str], after: float) -> int:
    """Start a job and kill it; returns 1 if it died of it, 0 if it was done before."""
    job = bench.start(words)
    job.join(after)
    job.kill()
    return int(ended(job) == KILLED)


def repaired(bench: Bench, words: Sequence[str], complete: Seen) -> str | None:
    """Run once more, undisturbed: is all as if nothing had happened?"""
    if bench.run(words) != 0:
        return f"the next run failed: {bench.said()[-500:]}"
    now = seen(bench.database)
    if now != complete:
        return f"the next run gave something else in {differing(now, complete)}"
    return f"left over: {bench.left_over()}" if bench.left_over() else None


# ----------------------------------------------------------------------------- files of raw data


def kill_downloads(_: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """`retail source download` from a server on this machine."""
    with _server(ZIP) as url:
        bench = Bench(folder)
        words = ("retail", "source", "download", "--root", str(folder / "root"), "--url", url)
        made = folder / "root" / PUBLIC_FILE
        return [_kill_files(bench, chance, times, "retail source download", words, made, _rows_of)]


def kill_simulations(_: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """`retail simulate`, which writes a file."""
    made = folder / "out" / "orders.csv"
    words = ("retail", "simulate", "--out", str(made), "--days", "40", "--seed", "3")
    return [_kill_files(Bench(folder), chance, times, "retail simulate", words, made, _bytes_of)]


def _kill_files(
    bench: Bench,
    chance: random.Random,
    times: int,
    name: str,
    words: Sequence[str],
    made: Path,
    content: Callable[[Path], str],
) -> Tally:
    tally = Tally(f"kill -9 of `{name}`")
    bench.folder.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    assert bench.run(words) == 0, bench.said()
    seconds, complete = time.monotonic() - started, content(made)
    killed = 0
    for turn in range(times):
        if turn % OFTEN == 0:
            made.unlink()
        killed += kill(bench, words, chance.uniform(0, seconds))
        wrong = None
        if made.exists() and content(made) != complete:
            wrong = f"{made.name} is a part of what it should be"
        if turn % OFTEN == OFTEN - 1 or turn == times - 1:
            if bench.run(words) != 0:
                wrong = wrong or f"the next run failed: {bench.said()[-500:]}"
            elif content(made) != complete:
                wrong = wrong or "the next run gave something else"
            elif left := [path.name for path in made.parent.iterdir() if path.is_dir()]:
                wrong = wrong or f"left over: {left}"
        tally.count(wrong)
    tally.notes = f"{killed} died, {times - killed} were done before"
    return tally


def _rows_of(parquet: Path) -> str:
    return repr(
        duckdb.sql(
            f"select count(*), sum(cast(hash(t) as hugeint)) from '{parquet}' as t"
        ).fetchall()
    )


def _bytes_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@contextmanager
def _server(content: bytes) -> Iterator[str]:
    home = Home(content=content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(0.05)
            with suppress(OSError):  # whoever asked may be dead
                home.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/online+retail.zip"
    finally:
        server.shutdown()
        server.server_close()


# ------------------------------------------------------------------------------- two at a time


def two_at_once(shop: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """Any two of the three that write tables, started almost together."""
    bench = shop.bench
    tally = Tally("two runs at once")
    complete = {words: undisturbed(shop, words)[0] for words in (BUILD, DAILY, DETECT)}
    for _ in range(times):
        lay(bench, shop)
        first, second = chance.choice((BUILD, DAILY)), chance.choice((BUILD, DAILY, DETECT))
        jobs = [bench.start(first)]
        time.sleep(chance.uniform(0, 1.5))
        jobs.append(bench.start(second))
        codes = [ended(job) for job in jobs]
        tally.count(_of_two(bench, codes, [complete[first], complete[second], complete[DAILY]]))
    return [tally]


def _of_two(bench: Bench, codes: list[int], allowed: list[Seen]) -> str | None:
    said = bench.said()
    if codes.count(0) == 0:
        return f"neither was done: {said[-500:]}"
    if 0 < codes.count(0) < 2 and "another program is at work on" not in said:
        return f"the other did not say why: {said[-500:]}"
    if "Traceback" in said:
        return f"not one line: {said[-500:]}"
    now = seen(bench.database)
    return None if now in allowed else f"a mixture in {differing(now, allowed[0])}"
