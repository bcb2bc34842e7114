"""One program in a process of its own, watched: seconds, memory of its whole tree, and limits.

Seconds are counted by the clock and by the processor: on a machine that does other things too, the
second says more.

Memory is what a process can't give back: its anonymous and shared pages, without those of files
that the system may drop. It is read many times from /proc (Linux); where there is none,
the system's own maximum of the first process counts.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from retail.errors import RetailError

PROC = Path("/proc")
SHORTEST_PAUSE, LONGEST_PAUSE, LOOKS = 0.02, 0.2, 500
"""Seconds between two looks: few enough that looking costs a long run nothing."""
GIGABYTE = 1e9
KILOBYTE = 1024
PAGES = ("RssAnon:", "RssShmem:")
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
    if not PROC.is_dir():
        memory.append((end, _largest() / GIGABYTE))
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
        size = sum(map(_held, _tree(program.pid))) / GIGABYTE
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


def _tree(root: int) -> Iterator[int]:
    """A process and all below it."""
    yield root
    try:
        tasks = list((PROC / str(root) / "task").iterdir())
        children = [pid for task in tasks for pid in (task / "children").read_text().split()]
    except OSError:  # gone in the meantime
        return
    for child in children:
        yield from _tree(int(child))


def _held(process: int) -> int:
    """Bytes that a process can't give back; 0 where it is gone."""
    try:
        lines = (PROC / str(process) / "status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * KILOBYTE for line in lines if line.startswith(PAGES))


def _largest() -> int:
    """The system's own maximum of any program so far; macOS counts bytes, Linux kilobytes."""
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return largest * (1 if sys.platform == "darwin" else KILOBYTE)
