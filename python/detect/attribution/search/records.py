"""Input and output of a search, as frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from detect.records import Floats

Element = tuple[tuple[int, int], ...]
"""A combination: (dimension, member) pairs, dimensions in rising order."""
Verdict = Literal["causes", "broad", "nothing"]


@dataclass(frozen=True)
class Sums:
    """An additive measure of N leaf rows: what it was and what was expected of it."""

    real: Floats
    expected: Floats


@dataclass(frozen=True)
class Ratios:
    """A ratio of two additive measures of N leaf rows: what they were, what was expected."""

    numerator: Floats
    denominator: Floats
    expected_numerator: Floats
    expected_denominator: Floats


Measure = Sums | Ratios


@dataclass(frozen=True)
class Cause:
    """An element to blame.

    actual, expected: the measure of all rows inside the element (NaN for a ratio to nought).
    effect: relative change of the measure inside the element.
    contribution: what its own leaves add to the change of the whole, in the measure's unit; a
        leaf belongs to the first cause that covers it, so contributions add up.
    share: contribution as part of the whole's change (NaN where the whole didn't change).
    low, high: interval of the contribution that isn't noise (95 %), shrunk against the
        winner's curse.
    gain: log-likelihood won over "nothing happened here" (nats).
    evidence: the same with the spread of effects allowed for, less the price of the element.
    margin: lead in evidence over the best other element that overlaps it.
    confidence: probability that this element deviates and is the right one to name.
    leaves: leaf rows that are its own.
    """

    element: Element
    actual: float
    expected: float
    effect: float
    contribution: float
    share: float
    low: float
    high: float
    gain: float
    evidence: float
    margin: float
    confidence: float
    leaves: int


@dataclass(frozen=True)
class Findings:
    """The answer of a search.

    causes: best first; empty when the change is broad-based or there is nothing to explain.
    verdict: "causes", "broad" (everything moved alike) or "nothing" (no more than noise).
    change: of the whole, in the measure's unit.
    broad: contribution of what moved everywhere alike, outside the causes.
    unexplained: the change less the causes' and the broad contribution (for a ratio also the
        change of the mix).
    dispersion: variance of small leaves per unit of size.
    """

    causes: tuple[Cause, ...]
    verdict: Verdict
    change: float
    broad: float
    unexplained: float
    dispersion: float
