"""Cases of millions of leaves with known root causes: are they named exactly, and at what cost?

Leaves as in the public generator of RiskLoc (arXiv 2205.10004), set H: every combination of six
dimensions, values of a Weibull law, some of them nought, forecasts off by a relative noise. Each
cause is of two to five dimensions, and its leaves fall by about the same part. Every case runs in a
process of its own, so that its peak of memory is its own, too.
"""

from __future__ import annotations

import math
import multiprocessing
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from detect import find_root_causes
from detect.records import Floats
from lab.evaluate.cases import Case, Element

SIZES = (10, 5, 250, 20, 8, 12)
CAUSES, DEPTHS = 5, (2, 5)
FALL, SPREAD = (0.3, 1.0), 0.05
"""Mean part that the leaves of a cause lose, and how far they spread around it."""
MOST_NOUGHT = 0.25
NOISES = (0.0, 0.05, 0.1, 0.2)
SEEDS = 3


@dataclass(frozen=True)
class Outcome:
    """Causes rightly named, wrongly named and missed; seconds, wall and processor; peak in MB."""

    noise: float
    right: int
    wrong: int
    missed: int
    seconds: float
    processor_seconds: float
    peak: int

    @property
    def is_exact(self) -> bool:
        """Whether all causes were named and nothing else."""
        return not self.wrong and not self.missed


def judge(sizes: tuple[int, ...] = SIZES) -> Iterator[Outcome]:
    """Search generated cases of every noise, one after the other."""
    alone = multiprocessing.get_context("spawn")
    for seed in range(1, SEEDS + 1):
        for noise in NOISES:
            with alone.Pool(1) as pool:
                yield pool.apply(outcome, (sizes, noise, seed))


def outcome(sizes: tuple[int, ...], noise: float, seed: int) -> Outcome:
    """Generate a case and search it."""
    case = generate(sizes, noise, seed)
    start, busy = time.perf_counter(), time.process_time()
    answers = find_root_causes(case.leaves, case.dimensions, case.derived)
    seconds, processor = time.perf_counter() - start, time.process_time() - busy
    found = {frozenset((name, str(member)) for name, member in a.items()) for a in answers}
    right = len(found & case.truth)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return Outcome(
        noise, right, len(found) - right, len(case.truth) - right, seconds, processor, peak
    )


def generate(sizes: tuple[int, ...], noise: float, seed: int) -> Case:
    """A full grid of leaves in which `CAUSES` elements fell.

    Args:
        sizes: members per dimension.
        noise: standard deviation of a leaf around its forecast, relative to it.
        seed: of all that is random.
    """
    rng = np.random.default_rng(seed)
    expected: Floats = 100 * rng.weibull(rng.uniform(0.5, 1.0), math.prod(sizes))
    expected *= rng.random(expected.size) >= rng.uniform(0, MOST_NOUGHT)
    actual = expected * np.maximum(1 + noise * rng.standard_normal(expected.size), 0)
    truth, taken, grid = set[Element](), np.zeros(sizes, np.bool_), actual.reshape(sizes)
    while len(truth) < CAUSES:
        fixed = _fixed(rng, sizes)
        inside = tuple(fixed.get(d, slice(None)) for d in range(len(sizes)))
        if not taken[inside].any():
            taken[inside] = True
            fall = rng.normal(rng.uniform(*FALL), SPREAD, grid[inside].shape)
            grid[inside] *= 1 - np.clip(fall, 0, 1)
            truth.add(frozenset((f"d{d}", f"d{d}m{member}") for d, member in fixed.items()))
    leaves = pd.DataFrame({f"d{d}": _column(sizes, d) for d in range(len(sizes))})
    leaves["real"], leaves["predict"] = actual, expected
    return Case(leaves, [f"d{d}" for d in range(len(sizes))], False, frozenset(truth))


def _fixed(rng: np.random.Generator, sizes: tuple[int, ...]) -> dict[int, int]:
    """The members of a cause, by dimension."""
    depth = rng.integers(DEPTHS[0], DEPTHS[1], endpoint=True)
    chosen = rng.choice(len(sizes), depth, replace=False)
    return {int(d): int(rng.integers(sizes[d])) for d in sorted(chosen)}


def _column(sizes: tuple[int, ...], dimension: int) -> pd.Series[str]:
    """Member of a dimension in every row of a full grid."""
    shape = [size if d == dimension else 1 for d, size in enumerate(sizes)]
    numbers = np.arange(sizes[dimension], dtype=np.int16).reshape(shape)
    members = [f"d{dimension}m{member}" for member in range(sizes[dimension])]
    codes = np.broadcast_to(numbers, sizes).ravel()
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(members)))
