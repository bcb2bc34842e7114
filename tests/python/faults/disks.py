"""A full disk: a small tmpfs where root may mount one, else a limit on the size of files."""

from __future__ import annotations

import random
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.bench import BUILD, DAILY, DETECT, Bench, Shop, Tally, lay, seen, undisturbed
from faults.kills import repaired

KIB = 1024
ROOMY = 2_000_000


def full_disks(shop: Shop, folder: Path, chance: random.Random, times: int) -> list[Tally]:
    """Each command that writes tables, with room for a random part of what it needs."""
    folder.mkdir(parents=True)
    disk = folder / "disk"
    disk.mkdir()
    complete = {words: undisturbed(shop, words)[0] for words in (BUILD, DAILY, DETECT)}
    good = seen(shop.good)
    with _tmpfs(disk) as is_mounted:
        kind = "a tmpfs" if is_mounted else "RLIMIT_FSIZE, for nothing can be mounted here"
        tally = Tally("full disk", notes=kind)
        for _ in range(times):
            words = chance.choice((BUILD, DAILY, DETECT))
            bench = Bench(disk / "shop", told=folder)
            shutil.rmtree(bench.folder, ignore_errors=True)
            lay(bench, shop)
            room = chance.randrange(0, 3 * shop.good.stat().st_size // KIB)
            with _only(room, disk, is_mounted=is_mounted):
                code = bench.run(words)
            wrong = _judge(bench, code, seen(bench.database) in (good, complete[words]))
            tally.count(wrong or repaired(bench, words, complete[words]))
    return [tally]


def _judge(bench: Bench, code: int, is_whole: bool) -> str | None:
    said = bench.said()
    if not is_whole:
        return "a mixture"
    if "Traceback" in said:
        return f"not one line: {said[-800:]}"
    if code != 0 and not said.strip():
        return "failed without a word"
    return None


@contextmanager
def _tmpfs(disk: Path) -> Iterator[bool]:
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOMY}k", "tmpfs", str(disk)]
    is_mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(disk)], check=True)


@contextmanager
def _only(room: int, disk: Path, *, is_mounted: bool) -> Iterator[None]:
    """Leave so many KiB of room."""
    if is_mounted:
        _resize(disk, shutil.disk_usage(disk).used // KIB + room)
        try:
            yield
        finally:
            _resize(disk, ROOMY)
        return
    with only_bytes(room * KIB):
        yield


@contextmanager
def only_bytes(room: int) -> Iterator[None]:
    """Let no file of this process, or of one that it starts, grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _resize(disk: Path, kib: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={kib}k", str(disk)], check=True)
