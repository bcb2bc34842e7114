"""What was measured, and the file that keeps it: a size that is measured again replaces itself."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from lab.bench.measure import FINE, Limits
from retail.errors import RetailError


@dataclass(frozen=True)
class Figure:
    """One contender, or one stage of it, in one round; memory in gigabytes."""

    name: str
    round: int
    seconds: float
    processor: float
    """Processor seconds."""
    gigabytes: float
    outcome: str


@dataclass(frozen=True)
class Size:
    """Everything measured at one size of shop."""

    scale: float
    lines: int
    csv_bytes: int
    machine: str
    limits: Limits
    figures: tuple[Figure, ...]

    @property
    def rounds(self) -> int:
        """How often everybody had a turn."""
        return max(figure.round for figure in self.figures)

    def of(self, name: str) -> Middle | None:
        """The middle of the rounds; None where it was not measured."""
        mine = [figure for figure in self.figures if figure.name == name]
        if not mine:
            return None
        stopped = [figure.outcome for figure in mine if figure.outcome != FINE]
        return Middle(
            median(figure.seconds for figure in mine),
            median(figure.processor for figure in mine),
            max(figure.gigabytes for figure in mine),
            stopped[0] if stopped else FINE,
        )


@dataclass(frozen=True)
class Middle:
    """Median seconds and largest gigabytes of some rounds, or why there are none."""

    seconds: float
    processor: float
    gigabytes: float
    outcome: str

    @property
    def is_fine(self) -> bool:
        """Whether it came to its end."""
        return self.outcome == FINE


def keep(path: Path, measured: Size) -> None:
    """Put a size into the file, in place of an older one of the same scale."""
    others = [size for size in read(path) if size.scale != measured.scale] if path.exists() else []
    sizes = sorted([*others, measured], key=lambda size: size.scale)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(size) for size in sizes], indent=1), encoding="utf-8")


def read(path: Path) -> list[Size]:
    """Read what was measured, the smallest size first.

    Raises:
        RetailError: there is no such file, or it is none of ours.
    """
    try:
        sizes: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return [_size(size) for size in sizes]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise RetailError(f"{path}: no results of a benchmark ({error}); measure first") from error


def _size(found: dict[str, Any]) -> Size:
    limits, figures = Limits(**found.pop("limits")), found.pop("figures")
    return Size(**found, limits=limits, figures=tuple(Figure(**figure) for figure in figures))
