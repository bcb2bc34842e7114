"""Two accounts of the same change, and the better of them.

When half of the leaves fell, either that half is to blame, or everything fell and the other half
rose against it. Both fit. The search first allows for a shift common to all; where it finds one
and causes besides, it asks again with everything else on forecast, and keeps what is likelier at
its price.
"""

from __future__ import annotations

import numpy as np

from detect.attribution.search.lattice import Lattice
from detect.attribution.search.leaves import Leaves
from detect.attribution.search.noise import variances
from detect.attribution.search.records import Settings
from detect.attribution.search.set_cover import cover
from detect.attribution.search.verify import Verified, cost_of, verify

FARTHEST = 6.0
"""Standard deviations beyond which a leaf is no worse explained."""
LEAD = 5.0
"""Nats by which the first search must explain more than the second to be kept."""
COMMON_PRICE = 3.0
"""Nats that a shift common to all must win to be believed beside causes."""


def explain(lattice: Lattice, leaves: Leaves, settings: Settings) -> Verified:
    """Causes that stand out, by the likelier of both accounts."""
    shifted = _account(lattice, leaves, False, settings)
    if _won_by_common(shifted) < COMMON_PRICE:
        return shifted
    still = _account(lattice, leaves, True, settings)
    better = _likelihood(still, lattice, leaves, settings) > (
        _likelihood(shifted, lattice, leaves, settings) - COMMON_PRICE
    )
    return still if better else shifted


def _account(lattice: Lattice, leaves: Leaves, still: bool, settings: Settings) -> Verified:
    """Search, and search again now that the noise is known."""
    first = verify(lattice, leaves, cover(lattice, leaves, still, None, settings), still, settings)
    if not first.found:
        return first
    again = cover(lattice, leaves, still, first.noise, settings)
    second = verify(lattice, leaves, again, still, settings)
    lead = _likelihood(first, lattice, leaves, settings) - _likelihood(
        second, lattice, leaves, settings
    )
    return first if lead > LEAD else second


def _won_by_common(account: Verified) -> float:
    """What the common shift explains among leaves that nobody blames."""
    known = float(account.evidence.information[account.free].sum())
    return account.noise.common**2 * known / 2


def _likelihood(account: Verified, lattice: Lattice, leaves: Leaves, settings: Settings) -> float:
    """Log-likelihood of the leaves' shifts, less the prices of the causes."""
    live = leaves.live
    variance = variances(leaves, account.noise)
    middle = np.full(live.size, account.noise.common)
    for cause in account.found:
        weight = 1 / variance[cause.leaves]
        effect = np.average(leaves.shift[cause.leaves], weights=weight)
        middle[cause.leaves] = effect
        variance[cause.leaves] += (settings.spread * (effect - account.noise.common)) ** 2
    square = np.minimum((leaves.shift - middle) ** 2 / variance, FARTHEST**2)
    price = sum(cost_of(cause, lattice, settings) for cause in account.found)
    return -float((square + np.log(variance))[live].sum()) / 2 - price
