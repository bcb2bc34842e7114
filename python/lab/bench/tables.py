"""What was measured, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import log

from lab.bench.contenders import (
    AGAIN,
    FROZEN,
    MEMORY,
    NEW_DAY,
    PLAIN,
    SCRIPTS,
    STAGES,
    THREADS,
    WHOLE,
)
from lab.bench.measure import FINE, GIGABYTE
from lab.bench.results import Figure, Middle, Size
from lab.bench.shops import Shop

MICROSECONDS = 1e6
OURS = (WHOLE, NEW_DAY, AGAIN)
NAMES = (*SCRIPTS, *OURS)
NOTHING = "–"
TARGETS = {
    1.0: dict(zip(OURS, (3.3, 2.0, 0.25), strict=True)),
    20.0: dict(zip(OURS, (1.7, 0.5, 0.02), strict=True)),
}
"""Times the plain script that the daily job is to take at most, by scale."""


def report(sizes: Sequence[Size]) -> str:
    """All tables: what everybody took beside the plain script, and how that grows."""
    return "\n\n".join([_said(sizes), _beside(sizes), _against(sizes), _growth(sizes)])


def extremes(shop: Shop, figures: Sequence[Figure]) -> str:
    """What the daily job took for a shop of extremes, as a table."""
    size = f"{shop.lines:,} lines, {shop.csv_bytes / GIGABYTE:.2g} GB"
    lines = [_row(size, ["seconds", "of the processor", "most memory"])]
    lines.append(_row("---", ["---:"] * 3))
    for one in figures:
        cells = [f"{_short(one.seconds)} s", f"{_short(one.processor)} s"]
        most = f"{one.gigabytes:.2g} GB"
        lines.append(_row(_label(one.name), [*cells, most if one.outcome == FINE else one.outcome]))
    return "\n".join(lines)


def rows() -> tuple[str, ...]:
    """Names of the rows of the first table."""
    parts = {name: tuple(f"{name}: {stage}" for stage in STAGES) for name in OURS}
    return tuple(row for name in NAMES for row in (name, *parts.get(name, ())))


def _said(sizes: Sequence[Size]) -> str:
    machines = ", ".join(dict.fromkeys(size.machine for size in sizes))
    rounds = ", ".join(f"{size.rounds} at {size.scale:g}×" for size in sizes)
    limits = sizes[-1].limits
    return (
        f"On {machines}; {THREADS} threads each, DuckDB limited to {MEMORY}; a program that takes "
        f"more than {limits.gigabytes:g} GB or {limits.seconds:,.0f} s is stopped. Medians of "
        f"rounds: {rounds}. Each cell: times the plain script of the same run, seconds; the same "
        f"of the processor; most memory. The plain script is frozen: SHA-256 {FROZEN[:16]}…"
    )


def _beside(sizes: Sequence[Size]) -> str:
    heads = [f"{s.scale:g}×: {s.lines:,} lines, {s.csv_bytes / 1e9:.2g} GB" for s in sizes]
    lines = [_row("", heads), _row("---", ["---:"] * len(sizes))]
    for name in rows():
        cells = [_cell(size.of(name), size.of(PLAIN)) for size in sizes]
        lines.append(_row(_label(name), cells))
    return "\n".join(lines)


def _label(name: str) -> str:
    """A stage stands below its whole."""
    whole, colon, stage = name.partition(": ")
    return f"· {stage}" if colon else f"**{whole}**" if whole in OURS else whole


def _cell(found: Middle | None, plain: Middle | None) -> str:
    if found is None:
        return NOTHING
    if not found.is_fine:
        return found.outcome
    wall, processor = (plain.seconds, plain.processor) if plain and plain.is_fine else (None, None)
    by_clock, by_processor = _times(found.seconds, wall), _times(found.processor, processor)
    return f"{by_clock}; {by_processor} CPU; {found.gigabytes:.2g} GB"


def _times(seconds: float, plain: float | None) -> str:
    """Seconds, behind their ratio to those of the plain script."""
    ratio = f"{round(seconds / plain, 3):.2g}× · " if plain else ""
    return f"{ratio}{_short(seconds)} s"


def _short(seconds: float) -> str:
    return f"{seconds:.0f}" if seconds >= 100 else f"{seconds:.1f}"


def _against(sizes: Sequence[Size]) -> str:
    """Targets, and where the time goes in who misses one."""
    lines = [
        _row("", ["at most", "by the clock", "by the processor", "where its processor time is"]),
        _row("---", ["---:", "---:", "---:", "---"]),
    ]
    for size in sizes:
        for name, target in TARGETS.get(size.scale, {}).items():
            found, plain = size.of(name), size.of(PLAIN)
            if found and plain and found.is_fine and plain.is_fine:
                ratios = (
                    found.seconds / plain.seconds, found.processor / (plain.processor or 1.0),
                )  # fmt: skip
                where = _where(size, name, found) if max(ratios) > target else "reached"
                cells = [f"{target:g}×", *(f"{ratio:.2g}×" for ratio in ratios), where]
                lines.append(_row(f"{size.scale:g}×: {name}", cells))
    return "\n".join(lines)


def _where(size: Size, name: str, whole: Middle) -> str:
    """Shares of the stages, the largest first; what is in none is dbt's end and publishing."""
    found = {stage: size.of(f"{name}: {stage}") for stage in STAGES}
    spent = {stage: middle.processor for stage, middle in found.items() if middle}
    spent["the rest"] = max(whole.processor - sum(spent.values()), 0.0)
    largest = sorted(spent.items(), key=lambda item: -item[1])
    return ", ".join(f"{stage} {_short(seconds)} s" for stage, seconds in largest)


def _growth(sizes: Sequence[Size]) -> str:
    """Microseconds per line, and by which power of the lines the seconds grew at the end."""
    heads = [f"µs per line at {size.scale:g}×" for size in sizes]
    lines = [_row("", [*heads, "exponent"]), _row("---", ["---:"] * (len(sizes) + 1))]
    for name in NAMES:
        cells = [
            f"{found.seconds / size.lines * MICROSECONDS:.1f}" if found else NOTHING
            for size, found in _finished(sizes, name)
        ]
        lines.append(_row(name, [*cells, _exponent(sizes, name)]))
    return "\n".join(lines)


def _finished(sizes: Sequence[Size], name: str) -> Iterator[tuple[Size, Middle | None]]:
    for size in sizes:
        found = size.of(name)
        yield size, found if found and found.is_fine else None


def _exponent(sizes: Sequence[Size], name: str) -> str:
    """Of the two largest sizes that were finished: 1 is in step with the lines."""
    done = [(size.lines, found.seconds) for size, found in _finished(sizes, name) if found]
    if len(done) < 2:
        return NOTHING
    (few, before), (many, after) = done[-2:]
    return f"{log(after / before) / log(many / few):.2f}"


def _row(label: str, cells: Sequence[str]) -> str:
    return f"| {label} | {' | '.join(cells)} |"
