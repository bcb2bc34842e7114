"""Seconds and memory of a search as rows, dimensions and members grow: a table on the screen.

`python -m detect.attribution.search.growth`
"""

from __future__ import annotations

import math
import resource
import sys
import time

import numpy as np

from detect.attribution.search.api import search
from detect.attribution.search.records import Codes, Sums

SHAPES: tuple[tuple[int, tuple[int, ...]], ...] = (
    (1_000, (10, 10, 10)),
    (10_000, (10, 10, 10, 10)),
    (100_000, (10, 10, 10, 10, 10)),
    (100_000, (10, 100, 1_000)),
    (100_000, (10, 50_000)),
    (1_000_000, (10, 10, 10, 10, 10, 10)),
)
"""Rows, and members per dimension."""
NOISE = 0.1
EFFECT = 0.5
HEADER = f"{'rows':>9} {'members':<24} {'seconds':>8} {'peak MB':>8}  named"
SEED = 1


def case(rows: int, sizes: tuple[int, ...]) -> tuple[list[Codes], Sums]:
    """Rows at random, or each leaf once where they fill the space; member 0 of the first fell."""
    rng = np.random.default_rng(SEED)
    codes: list[Codes] = [rng.integers(0, size, rows) for size in sizes]
    if rows == math.prod(sizes):
        codes = [code.ravel() for code in np.indices(sizes)]
    expected = rng.lognormal(3, 1, rows)
    real = expected * rng.normal(1, NOISE, rows) * np.where(codes[0] == 0, EFFECT, 1.0)
    return codes, Sums(real, expected)


def line(rows: int, sizes: tuple[int, ...]) -> str:
    """One line of the table."""
    codes, measure = case(rows, sizes)
    start = time.perf_counter()
    findings = search(codes, sizes, measure)
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    members = " × ".join(map(str, sizes))
    return f"{rows:>9} {members:<24} {seconds:>8.2f} {peak:>8}  {len(findings.causes)}"


def main() -> None:
    """Print the table."""
    sys.stdout.write("\n".join([HEADER, *(line(*shape) for shape in SHAPES), ""]))


if __name__ == "__main__":
    main()
