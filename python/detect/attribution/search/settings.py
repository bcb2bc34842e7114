"""Free parameters of the search, chosen by hand; two of them with the RobustSpot cases in view."""

MARGIN = 1.5
"""Nats by which a cause must beat the account in which nothing stands out."""
DIMENSION_PRICE = 1.0
"""Cost of each dimension of an element, beyond naming it among all elements of its kind: e times
less likely with every further dimension."""
SPREAD = 0.6
"""How far the effects of one cause spread, relative to its mean effect."""
SIMPLICITY = 2.0
"""How much more an element's parts must explain, each, to be named in its stead."""
DWARFED = 0.25
"""A cause smaller than this part of another one, in effect and in contribution, is not named."""
LEAST_SPREAD = 1e-3
"""Relative noise of the steadiest leaf; no forecast is better than that."""
MEMBER_SPREAD = 0.05
"""Least spread of whole members around the forecast, relative to that of leaves."""
PRIOR_EVENTS = 3.0
"""How many events a leaf's rate borrows from the whole's."""
BEAM = 8
"""Elements of each cuboid that are examined closely."""
LEAST_CONFIDENCE, FURTHER_CONFIDENCE = 0.5, 0.8
"""Below it a cause is left out, since it is more likely wrong than right; the second is for causes
beside a surer one."""
MOST_CAUSES = 12
"""Causes at most."""
MOST_CELLS = 30_000_000
"""Combinations of fewer dimensions than all that are examined where leaves fill no grid: it bounds
time and memory."""
