"""Chance and incidents, the two groups that p-values come from (Efron, 2008)."""

from __future__ import annotations

import numpy as np

from detect.records import Floats, Grain

ALTERNATIVE = 0.25
"""Incidents' p-values are taken to follow Beta(this, 1), mostly tiny; chosen by hand."""
INCIDENT_PRIOR: dict[Grain, float] = {"daily": 0.1, "weekly": 0.05}
"""Prior chance that a period holds an incident; chosen by hand."""
SMALLEST = 1e-15
"""Least p-value: keeps tangents and logarithms finite."""


def posterior_at_budget(spent: float | Floats) -> Floats:
    """Posterior of a finding that has used a share of its budget: even odds where it is all of it.

    The prior is the one that makes it so.
    """
    odds = np.maximum(spent, SMALLEST) ** (ALTERNATIVE - 1)
    return np.asarray(odds / (1 + odds))


def posterior(prior: float | Floats, p_values: Floats) -> Floats:
    """Update the prior chance of an incident by a p-value: uniform by chance, else Beta."""
    p = np.clip(np.nan_to_num(p_values, nan=1.0), SMALLEST, 1.0)
    odds = prior / (1 - prior) * ALTERNATIVE * p ** (ALTERNATIVE - 1)
    return np.asarray(odds / (1 + odds))
