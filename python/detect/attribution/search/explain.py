"""Explain a change in two ways, and choose the better one.

When half of the leaves fell, either that half is to blame, or everything fell and the other half
rose against it. Both fit. The search first allows for a shift common to all; where it finds one
and causes besides, it asks again with everything else on forecast, and keeps what is likelier at
its price.
"""

from __future__ import annotations

import math

import numpy as np

from detect.attribution.search import settings
from detect.attribution.search.blocks import MANY, in_blocks
from detect.attribution.search.lattice import Lattice
from detect.attribution.search.leaves import Leaves
from detect.attribution.search.noise import variances
from detect.attribution.search.set_cover import cover
from detect.attribution.search.verify import Verified, cost_of, verify
from detect.records import Floats, Ints

FARTHEST = 6.0
"""Standard deviations beyond which a leaf is no worse explained."""
LEAD = 5.0
"""Nats by which the first search must explain more than the second to be kept."""
MOSTLY = 0.8
"""Part of many leaves without a cause from which the noise of the first search is kept."""
COMMON_PRICE = 3.0
"""Nats that a shift common to all must win to be believed beside causes."""


def explain(lattice: Lattice, leaves: Leaves) -> Verified:
    """Causes that stand out, by the likelier of both accounts."""
    shifted = _account(lattice, leaves, False)
    if _won_by_common(shifted) < COMMON_PRICE:
        return shifted
    still = _account(lattice, leaves, True)
    better = _likelihood(still, lattice, leaves) > (
        _likelihood(shifted, lattice, leaves) - COMMON_PRICE
    )
    return still if better else shifted


def _account(lattice: Lattice, leaves: Leaves, still: bool) -> Verified:
    """Search, and search again now that the noise is known."""
    first = verify(lattice, leaves, cover(lattice, leaves, still, None), still)
    noise_was_known = leaves.live.size >= MANY and first.free.sum() > MOSTLY * leaves.live.sum()
    if not first.found or noise_was_known:
        return first
    again = cover(lattice, leaves, still, first.noise)
    second = verify(lattice, leaves, again, still)
    lead = _likelihood(first, lattice, leaves) - _likelihood(second, lattice, leaves)
    return first if lead > LEAD else second


def _won_by_common(account: Verified) -> float:
    """What the common shift explains among leaves without a cause."""
    known = float(account.evidence.information[account.free].sum())
    return account.noise.common**2 * known / 2


def _likelihood(account: Verified, lattice: Lattice, leaves: Leaves) -> float:
    """Log-likelihood of the leaves' shifts, less the prices of the causes."""
    noise = account.noise
    said = math.fsum(
        in_blocks(
            lambda rows: _said(leaves, rows, variances(leaves, noise, rows), noise.common),
            leaves.live.size,
        )
    )
    for cause in account.found:
        variance = variances(leaves, noise, cause.leaves)
        effect = float(np.average(leaves.shift[cause.leaves], weights=1 / variance))
        wider = variance + (settings.SPREAD * (effect - noise.common)) ** 2
        said += _said(leaves, cause.leaves, wider, effect)
        said -= _said(leaves, cause.leaves, variance, noise.common)
    return said - sum(cost_of(cause, lattice) for cause in account.found)


def _said(leaves: Leaves, rows: slice | Ints, variance: Floats, middle: float) -> float:
    """Log-likelihood of some leaves' shifts around their middle."""
    square = np.minimum((leaves.shift[rows] - middle) ** 2 / variance, FARTHEST**2)
    return -float((square + np.log(variance))[leaves.live[rows]].sum()) / 2
