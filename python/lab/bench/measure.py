"""One program in a process of its own, watched: seconds, memory of its whole tree, and limits.

Seconds are counted by the clock and by the processor: on a machine that does other things too, the
second says more.

Memory is what a process holds without the pages that it shares, such as those of files, which the
system may drop; where the system does not tell these apart (macOS), all that it holds.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from retail.errors import RetailError

SHORTEST_PAUSE, LONGEST_PAUSE, LOOKS = 0.02, 0.2, 500
"""Seconds between two looks: few enough that looking costs a long run nothing."""
GIGABYTE = 1e9
FINE = "fine"


@dataclass(frozen=True)
class Limits:
    """When a program is stopped: after so many seconds, at so many gigabytes."""

    seconds: float
    gigabytes: float


@dataclass(frozen=True)
class Span:
    """A stretch of a run: its name, and its first and last moment on the system's clock."""

    name: str
    start: float
    end: float
    processor: float = 0.0
    """Seconds that its threads and children were at work."""


@dataclass(frozen=True)
class Watched:
    """A finished program: from its start to its end, and its memory at moments between."""

    span: Span
    outcome: str
    memory: tuple[tuple[float, float], ...]

    def peak(self, span: Span) -> float:
        """Most gigabytes seen in a stretch of the run, or last seen before a very short one."""
        before = [(at, size) for at, size in self.memory if at <= span.end]
        seen = [size for at, size in before if at >= span.start] or [s for _, s in before[-1:]]
        return max(seen, default=0.0)


def watch(
    words: Sequence[str], environment: Mapping[str, str], log: Path, limits: Limits
) -> Watched:
    """Run a program to its end, or to a limit.

    Args:
        words: the program and its arguments.
        environment: all of its environment.
        log: where what it says goes.
        limits: when it is stopped.

    Raises:
        RetailError: it failed by itself, other than for want of memory.
    """
    memory: list[tuple[float, float]] = []
    worked, start = _processor_seconds(), time.monotonic()
    with log.open("wb") as said:
        program = subprocess.Popen(  # noqa: S603 - our own program, no shell
            words, env=dict(environment), stdout=said, stderr=said, start_new_session=True
        )
        try:
            outcome = _until_done(program, memory, start, limits)
        finally:
            _stop(program)
    end = time.monotonic()
    if outcome == FINE and program.returncode != 0:
        outcome = _why(program.returncode, log, words, memory)
    span = Span("", start, end, _processor_seconds() - worked)
    return Watched(span, outcome, tuple(memory))


def _processor_seconds() -> float:
    """Of all programs that this process has started and seen end."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _until_done(
    program: subprocess.Popen[bytes],
    memory: list[tuple[float, float]],
    start: float,
    limits: Limits,
) -> str:
    while program.poll() is None:
        size = _held(program.pid) / GIGABYTE
        memory.append((time.monotonic(), size))
        if size > limits.gigabytes:
            return f"out of memory at {size:.1f} GB"
        passed = time.monotonic() - start
        if passed > limits.seconds:
            return f"out of time at {limits.seconds:.0f} s"
        time.sleep(min(max(passed / LOOKS, SHORTEST_PAUSE), LONGEST_PAUSE))
    return FINE


def _stop(program: subprocess.Popen[bytes]) -> None:
    """Stop a program and all that it started."""
    if program.poll() is None:
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()


def _why(code: int, log: Path, words: Sequence[str], memory: Iterable[tuple[float, float]]) -> str:
    """Tell a program that got no more memory from one that is broken."""
    said = log.read_text(encoding="utf-8", errors="replace").strip()
    largest = max((size for _, size in memory), default=0.0)
    if code == -signal.SIGKILL or "MemoryError" in said or "Out of Memory" in said:
        return f"out of memory at {largest:.1f} GB"
    last = said.splitlines()[-1] if said else f"exit code {code}"
    raise RetailError(f"{' '.join(words[1:4])}: {last}")


def _held(root: int) -> int:
    """Bytes that a process and all below it hold; 0 for those that are gone."""
    try:
        program = psutil.Process(root)
        tree = [program, *program.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    return sum(map(_held_by, tree))


def _held_by(process: psutil.Process) -> int:
    try:
        memory = process.memory_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return int(memory.rss - getattr(memory, "shared", 0))
