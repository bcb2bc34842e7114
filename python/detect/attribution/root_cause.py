"""Find the combination of segments that explains a change, if there is one.

A change in one segment is distinguished from one that all segments share by how much more of
it the segment holds than its ordinary share: the Kullback-Leibler divergence of the two shares,
once for every event that the change consists of. One giant order is one event, however large; a
hundred orders that fail to come are many. Each further dimension must pay a price, and is hardly
judged by one event alone, which had to happen in some country; and a segment's share of the whole
must depart from its own history.

Dimensions nest (a country lies in a region, a region in a market, a product in a category), so that
one set of orders has several names; the narrowest single one is named.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from detect.attribution.decomposition import Ratio, contributions, sums
from detect.attribution.dimensions import ALONE, TOGETHER, Dimension, names
from detect.attribution.encode_keys import Codes, encode
from detect.attribution.significance import FEWEST, NORMAL_DEVIATION, History
from detect.records import OTHER, Bools, Floats, Ints

FIRST, FURTHER = 1.0, 3.0
"""Nats that the first dimension, and each further one, must win."""
COMMON = 3.0
"""Cost in nats of a segment that is ordinarily everything, in proportion: it explains little."""
COARSER, BY_ITSELF = 1.0, 3.0
"""Nats more for what says less of where to look: a dimension that groups another, or an hour."""
CHANCE = 0.7
"""Events that are no evidence for a further dimension: each happened in some country."""
LEAST_LEAD = 0.05
"""A segment's share of the change must exceed its ordinary share by so much."""
MOST_CAUSES = 3
"""Causes that are named at most: a reader follows no more; chosen by hand."""
MOST_EVENTS = 40.0
"""Shares vary by more than so many independent events would make them."""
LEFT = 0.2
"""Part of the change below which a segment is no cause, and nothing is left to be explained."""
EXPLAINED = 0.4
"""Part of the change that the causes must explain together, or it is broad-based. This one and the
three sigmas below were chosen on one public year, where they did best on the other, too
(docs/accuracy.md)."""
CLOSE = 5
"""Elements of each combination of dimensions whose history is examined."""
UNUSUAL = 4.0
"""Sigmas by which a segment's share of the whole must depart from its own history."""
DEPARTS, COMPELLING = 2.0, 20.0
"""So many sigmas are enough for a single member with so many nats: where a rate is the share of a
member, as that of returning customers is, it can't depart by more sigmas than the rate."""
LEAST_SIGMA = 0.01
"""No share is steadier than this from one period to the next."""
MOST, ODDS, USUALLY_ALL = 0.5, 10.0, 0.75
"""A member that did not depart from its history comes near to a cause all the same where it has so
much of the change, at odds so many times the ordinary ones: in a shop of a few orders a day, no
share is far from its history. Not one that usually has nearly all of it; by hand."""
SUREST = 0.99
"""Highest confidence of a cause: no evidence of this kind is certain; chosen by hand."""
ROUNDING = 1e-9
"""What may be lost where amounts are added up in another order, relative."""
SPARSE = 50
"""More possible elements than so many a leaf are sorted, fewer are looked up."""


@dataclass(frozen=True)
class LeafSegments:
    """The finest segments of one KPI period, actual and expected.

    `codes` (dimensions, N) number the `members` of each of `dimensions`; expectations of the
    parts already add up to the whole's. Where `by_rate`, a change that everybody shares goes with
    a segment's volume (the denominator), otherwise with its part in the value.
    """

    dimensions: tuple[Dimension, ...]
    codes: Codes
    members: tuple[tuple[str, ...], ...]
    actual: Ratio
    expected: Ratio
    by_rate: bool = False


@dataclass(frozen=True)
class RootCause:
    """A segment (dimension → member) to blame, and for how much in the KPI's unit.

    `low` and `high` are the 95 % interval of the contribution against the segment's own ordinary
    ups and downs, shrunk since only what stands out is ever named; `unexplained` is what is left
    of the change after this cause and better ones; `confidence` is how much likelier this
    segment is than all other answers, "broad-based" among them. `found` is its place in the search:
    the contribution is of what those found before it left of the segment.
    """

    segment: dict[str, str]
    actual: float
    expected: float
    contribution: float
    share_of_change: float
    low: float
    high: float
    unexplained: float
    confidence: float
    found: int = 0


@dataclass(frozen=True)
class _Amounts:
    """What elements are scored by, of each leaf or of several together, (leaves,) each.

    `parts` of the change, what a change that everybody shares is proportional to, and, of the parts
    that go the way of the whole change, the sum and the sum of squares.
    """

    parts: Floats
    ordinary: Floats
    forward: Floats
    square: Floats

    def each(self, change: Callable[[Floats], Floats]) -> _Amounts:
        """All four changed alike."""
        return _Amounts(
            change(self.parts), change(self.ordinary), change(self.forward), change(self.square)
        )


@dataclass(frozen=True)
class _Candidates:
    """What may be named, and the rest of each dimension, its last member, as one.

    `leaves` and `history` have less than was recorded; `cell` (recorded leaves,) numbers them.
    `keys` number the element of each leaf, by the dimensions that may be combined.
    """

    leaves: LeafSegments
    history: History
    amounts: _Amounts
    cell: Ints
    keys: dict[tuple[int, ...], Ints]


@dataclass(frozen=True)
class _Element:
    """A candidate: its dimensions, its leaves, what speaks for it (nats), and how surely."""

    dimensions: tuple[int, ...]
    leaves: Bools
    score: float
    confidence: float = 0.0


def find_causes(leaves: LeafSegments, history: History) -> tuple[RootCause, ...]:
    """The segments to blame, best first; none where the change is broad-based.

    After each, what it explains is set apart, and the rest is searched again.
    """
    amounts = _amounts(leaves)
    change = float(amounts.parts.sum())
    if not np.isfinite(change) or change == 0:
        return ()
    candidates = _candidates(leaves, history, amounts)
    parts, cell = amounts.parts, candidates.cell
    free = np.ones(candidates.amounts.parts.size, dtype=bool)
    found: list[tuple[_Element, float]] = []
    while len(found) < MOST_CAUSES and float(parts[free[cell]].sum()) / change >= LEFT:
        best = _best(candidates, free)
        if best is None:
            break
        found.append((best, float(parts[(best.leaves & free)[cell]].sum())))
        free &= ~best.leaves
    if sum(contribution for _, contribution in found) / change < EXPLAINED:
        return ()
    ranked = sorted(enumerate(found), key=lambda one: -one[1][1] / change)
    left = change - np.cumsum([contribution for _, (_, contribution) in ranked])
    return tuple(
        dataclasses.replace(
            _cause(leaves, candidates, element, contribution, float(rest), change), found=place
        )
        for (place, (element, contribution)), rest in zip(ranked, left, strict=True)
    )


def _amounts(leaves: LeafSegments) -> _Amounts:
    """What each leaf adds to the scores."""
    through_top, through_bottom = contributions(leaves.actual, leaves.expected)
    parts = through_top + through_bottom
    forward = np.maximum(parts * np.sign(parts.sum()), 0.0)
    return _Amounts(parts, _ordinary(leaves), forward, forward**2)


def _fell(leaves: LeafSegments, change: float) -> bool:
    """Whether a sum fell: then hours without orders may be named."""
    return leaves.expected.denominator is None and change < 0


def _candidates(leaves: LeafSegments, history: History, amounts: _Amounts) -> _Candidates:
    """Add up all members that have too little of the change to be named, even of what is left.

    A segment has no more of it than each of its members has of the parts that go its way. That is
    exact, and in a shop of many products a search over little.
    """
    change = float(amounts.parts.sum())
    least = LEFT * LEFT * abs(change) * (1 - ROUNDING)
    combinations = _combinations(leaves.dimensions, alone=_fell(leaves, change))
    used = set(itertools.chain(*combinations))
    codes = []
    for d, (code, members) in enumerate(zip(leaves.codes, leaves.members, strict=True)):
        rest = len(members)
        may = sums(code, amounts.forward, rest) >= least if d in used else np.zeros(rest, bool)
        codes.append(np.where(may, np.arange(rest), rest)[code])
    cell, first = encode(codes, [len(members) + 1 for members in leaves.members])
    size = first.size
    added = partial(sums, cell, size=size)
    some = LeafSegments(
        dimensions=leaves.dimensions,
        codes=np.stack([code[first] for code in codes]),
        members=tuple((*members, OTHER) for members in leaves.members),
        actual=leaves.actual.each(added),
        expected=leaves.expected.each(added),
        by_rate=leaves.by_rate,
    )
    keys = {dimensions: _key(some, dimensions) for dimensions in combinations}
    return _Candidates(some, history.of_groups(cell, size), amounts.each(added), cell, keys)


@dataclass(frozen=True)
class Nearest:
    """The member of a dimension that came nearest to a cause.

    Its leaves, its share of the change, and whether it departs from its own history.
    """

    segment: dict[str, str]
    leaves: Bools
    share: float
    departs: bool


def nearest(leaves: LeafSegments, history: History) -> tuple[Nearest, ...]:
    """The nearest member of every dimension that may be a cause, the nearest first."""
    amounts = _amounts(leaves)
    fell = _fell(leaves, float(amounts.parts.sum()))
    found = []
    for d in (d for d in _combinations(leaves.dimensions, alone=fell) if len(d) == 1):
        key = _key(leaves, d)
        share, usual, score = _scores(leaves, d, key, amounts)
        present = np.unique(key)
        best = present[[int(score[present].argmax())]]
        far = sigmas(history, key, best)[0] > DEPARTS or _is_most(share[best[0]], usual[best[0]])
        departs = bool(score[best[0]] > 0 and far)
        element = _Element(d, key == best[0], float(score[best[0]]))
        found.append(
            Nearest(_named(leaves, element), element.leaves, float(share[best[0]]), departs)
        )
    return tuple(sorted(found, key=lambda one: (not one.departs, -one.share)))


def _is_most(share: float, usual: float) -> bool:
    """Whether a member has most of a change, and far more than its ordinary share."""
    is_likely = share * (1 - usual) >= ODDS * usual * (1 - share)
    return share >= MOST and usual < USUALLY_ALL and is_likely


def of_one_member(leaves: LeafSegments) -> dict[str, str]:
    """The member that a sum is of by definition, as new customers are; {} where there is none."""
    size = np.abs(leaves.actual.numerator) + np.abs(leaves.expected.numerator)
    if leaves.expected.denominator is not None or not size.any():
        return {}
    for d, dimension in enumerate(leaves.dimensions):
        held = np.unique(leaves.codes[d][size > 0])
        alone = dimension.root_cause_use == TOGETHER and dimension.coarser_than is None
        if alone and held.size == 1 and np.unique(leaves.codes[d]).size > 1:
            return {dimension.name: leaves.members[d][int(held[0])]}
    return {}


def _ordinary(leaves: LeafSegments) -> Floats:
    """What each leaf's part in a change that everybody shares is proportional to."""
    bottom = leaves.expected.denominator
    base = leaves.expected.numerator if bottom is None or not leaves.by_rate else bottom
    return np.maximum(base, 0.0)


def _best(candidates: _Candidates, free: Bools) -> _Element | None:
    """The element with the highest score, where any is worth its price."""
    amounts = candidates.amounts.each(lambda amount: amount * free)
    found = [
        element
        for dimensions in candidates.keys
        if (element := _of(candidates, dimensions, amounts)) is not None
    ]
    if not found:
        return None
    best = max(found, key=lambda e: (e.score, -len(e.dimensions)))
    rivals = [e.score for e in found if (e.leaves != best.leaves).any()]
    odds = np.exp(np.array([*rivals, 0.0]) - best.score).sum()
    return dataclasses.replace(best, confidence=min(float(1 / (1 + odds)), SUREST))


def _combinations(dimensions: tuple[Dimension, ...], *, alone: bool) -> list[tuple[int, ...]]:
    """Sets of dimensions that an element may name, with or without those that stand alone.

    Alone, of sums that fell, stand hours without orders: a rise has its hour, too, where it is one
    order's.
    """
    together = itertools.product(*([None, *group] for group in _groups(dimensions)))
    some = [tuple(i for i in chosen if i is not None) for chosen in together]
    single = [(i,) for i, d in enumerate(dimensions) if alone and d.root_cause_use == ALONE]
    return single + [chosen for chosen in some if chosen]


def _groups(dimensions: tuple[Dimension, ...]) -> list[list[int]]:
    """Dimensions that may be combined, one of each group: one and those that are coarser."""
    may = [(i, d) for i, d in enumerate(dimensions) if d.root_cause_use == TOGETHER]
    groups = {d.name: [i] for i, d in may if d.coarser_than not in names(dimensions)}
    for i, d in may:
        if d.name not in groups:
            groups.setdefault(str(d.coarser_than), []).append(i)
    return list(groups.values())


def _of(candidates: _Candidates, dimensions: tuple[int, ...], amounts: _Amounts) -> _Element | None:
    """The best element of some dimensions; none where none is worth its price."""
    leaves, key = candidates.leaves, candidates.keys[dimensions]
    fitting, usual, score = _scores(leaves, dimensions, key, amounts)
    worth = (score > 0) & (fitting - usual >= LEAST_LEAD) & (fitting >= LEFT)
    for d in dimensions:
        worth[key[leaves.codes[d] == len(leaves.members[d]) - 1]] = False  # a rest is no answer
    close = np.flatnonzero(worth)
    close = close[np.argsort(-score[close], kind="stable")[:CLOSE]]
    far = sigmas(candidates.history, key, close)
    enough = len(dimensions) == 1 and score[close] >= COMPELLING
    close = close[(far > UNUSUAL) | (enough & (far > DEPARTS))]
    if not close.size:
        return None
    return _Element(dimensions, key == close[0], float(score[close[0]]))


def _scores(
    leaves: LeafSegments, dimensions: tuple[int, ...], key: Ints, amounts: _Amounts
) -> tuple[Floats, Floats, Floats]:
    """Share of the change, ordinary share, and nats of every element, (elements,)."""
    size = int(key.max(initial=-1)) + 1
    change, whole = float(amounts.parts.sum()), float(amounts.ordinary.sum())
    of = amounts.each(lambda amount: sums(key, amount, size))
    share, usual = of.parts / change, of.ordinary / max(whole, 1e-300)
    fitting = np.where(share > 1, 1 / np.maximum(share, 1.0), np.maximum(share, 0.0))
    # So many leaves of equal size would make the element's change.
    events = np.clip(of.forward**2 / np.maximum(of.square, 1e-300), 1.0, MOST_EVENTS)
    events = np.maximum(events - CHANCE * (len(dimensions) - 1), 0.0)
    score = events * _divergence(fitting, usual)
    return fitting, usual, score - _price(leaves, dimensions) - COMMON * usual


def _price(leaves: LeafSegments, dimensions: tuple[int, ...]) -> float:
    """Nats that naming these dimensions costs."""
    chosen = [leaves.dimensions[d] for d in dimensions]
    extra = sum(
        COARSER * bool(d.coarser_than) + BY_ITSELF * (d.root_cause_use == ALONE) for d in chosen
    )
    return FIRST + FURTHER * (len(dimensions) - 1) + extra


def sigmas(history: History, key: Ints, elements: Ints) -> Floats:
    """How far the elements' shares of the whole are from their history, in robust sigmas.

    Of a ratio, their rate beside that of the others counts, too: a price is steady where the number
    sold is not.

    Args:
        history: of the leaves.
        key: each leaf's element.
        elements: some of them, (K,).
    """
    if not elements.size:
        return np.zeros(0)
    group = np.full(int(key.max(initial=-1)) + 1, elements.size)
    group[elements] = np.arange(elements.size)
    shape = history.periods, elements.size + 1  # the rest is the last column
    at = history.period * shape[1] + group[key][history.leaf]
    totals = [
        sums(at, side, shape[0] * shape[1]).reshape(shape)
        for side in (history.ratio.numerator, history.ratio.denominator)
        if side is not None
    ]
    far = [_far(total[:, :-1], total.sum(axis=1, keepdims=True)) for total in totals]
    if len(totals) > 1:
        far.append(_far_rate(*totals))
    return np.asarray(np.max(far, axis=0))


def _far_rate(top: Floats, bottom: Floats) -> Floats:
    """The same of the elements' rates beside the rate of all others, (periods, elements and rest).

    A change of everything moves both, and is no departure. 0 where too few periods have both.
    """
    others = (side.sum(axis=1, keepdims=True) - side[:, :-1] for side in (top, bottom))
    known = np.ones_like(top[:, :-1], dtype=bool)
    rates = []
    for above, below in ((top[:, :-1], bottom[:, :-1]), tuple(others)):
        known &= (below > 0) & (above > 0)
        rates.append(np.divide(above, below, out=np.ones_like(above), where=known))
    beside = np.where(known, rates[0] / rates[1], np.nan)
    enough = known[0] & (known[1:].sum(axis=0) >= FEWEST)
    if not enough.any():
        return np.zeros(known.shape[1])
    past = np.where(enough, beside[1:], 0.0)
    usual = np.nanmedian(past, axis=0)
    sigma = NORMAL_DEVIATION * np.nanmedian(np.abs(past - usual), axis=0)
    least = np.where(enough, LEAST_SIGMA * usual, 1.0)
    return np.where(enough, np.abs(beside[0] - usual) / np.maximum(sigma, least), 0.0)


def _far(part: Floats, whole: Floats) -> Floats:
    """Robust sigmas from the first share to the median of the others; infinite without others."""
    share = np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
    if share.shape[0] < 2:
        return np.full(share.shape[1], np.inf)
    usual = np.median(share[1:], axis=0)
    sigma = NORMAL_DEVIATION * np.median(np.abs(share[1:] - usual), axis=0)
    return np.asarray(np.abs(share[0] - usual) / np.maximum(sigma, LEAST_SIGMA))


def _key(leaves: LeafSegments, dimensions: tuple[int, ...]) -> Ints:
    """Number of each leaf's element of some dimensions."""
    key: Ints = leaves.codes[dimensions[0]].astype(np.int64)
    for d in dimensions[1:]:
        key = _dense(key * len(leaves.members[d]) + leaves.codes[d])
    return key


def _dense(numbers: Ints) -> Ints:
    """Numbers from 0 on in the same order, without gaps."""
    size = int(numbers.max(initial=-1)) + 1
    if size > SPARSE * numbers.size:
        return np.unique(numbers, return_inverse=True)[1].astype(np.int64)
    seen = np.zeros(size, dtype=np.int64)
    seen[numbers] = 1
    return np.asarray((np.cumsum(seen) - 1)[numbers])


def _divergence(share: Floats, usual: Floats) -> Floats:
    """Kullback-Leibler divergence of two shares; 0 where the share isn't the larger one."""
    usual = np.clip(usual, 1e-6, 1 - 1e-6)
    inner = np.clip(share, 1e-12, 1 - 1e-12)
    nats = inner * np.log(inner / usual) + (1 - inner) * np.log((1 - inner) / (1 - usual))
    return np.where(share > usual, nats, 0.0)


def _cause(
    recorded: LeafSegments,
    candidates: _Candidates,
    element: _Element,
    contribution: float,
    left: float,
    change: float,
) -> RootCause:
    spread = _ordinary_spread(candidates.leaves, candidates.history, element)
    low, high = _interval(contribution, spread)
    mine = dataclasses.replace(element, leaves=element.leaves[candidates.cell])
    return RootCause(
        segment=_named(recorded, mine),
        actual=subset(recorded.actual, mine.leaves).total(),
        expected=subset(recorded.expected, mine.leaves).total(),
        contribution=contribution,
        share_of_change=contribution / change,
        low=low,
        high=high,
        unexplained=left,
        confidence=element.confidence,
    )


def _interval(contribution: float, sigma: float) -> tuple[float, float]:
    """What the contribution would have been without luck, given that it stood out."""
    if not sigma > 0:
        return float("nan"), float("nan")
    from detect.attribution.search.selection_bias import shrunk_interval  # late: it brings scipy

    seen = max(abs(contribution) / sigma, UNUSUAL)
    bounds = shrunk_interval(seen, UNUSUAL)
    scaled = sorted(np.sign(contribution) * sigma * bound for bound in bounds)
    return float(scaled[0]), float(scaled[1])


def _ordinary_spread(leaves: LeafSegments, history: History, element: _Element) -> float:
    """Standard deviation of what the segment adds to the KPI in ordinary periods."""
    group = (~element.leaves).astype(np.int64)
    at = history.period * 2 + group[history.leaf]

    def mine(side: Floats) -> Floats:
        return sums(at, side, history.periods * 2).reshape(-1, 2)[1:, 0]

    if history.periods < FEWEST:
        return float("nan")
    added = mine(history.ratio.numerator)
    expected, now = leaves.expected.denominator, leaves.actual.denominator
    if history.ratio.denominator is not None and expected is not None and now is not None:
        middle = float(expected.sum() + now.sum()) / 2
        added = (added - leaves.expected.total() * mine(history.ratio.denominator)) / middle
    return max(float(np.std(added)), LEAST_SIGMA * abs(leaves.expected.total()))


def _named(leaves: LeafSegments, element: _Element) -> dict[str, str]:
    """Dimension → member; of two dimensions with the same leaves, the narrower is named."""
    segment: dict[str, str] = {}
    first = int(element.leaves.argmax())
    named = names(leaves.dimensions)
    for d in element.dimensions:
        finer = leaves.dimensions[d].coarser_than
        narrow = named.index(finer) if finer in named else d
        codes = leaves.codes[narrow][element.leaves]
        chosen = narrow if (codes == codes[0]).all() else d
        segment[named[chosen]] = leaves.members[chosen][leaves.codes[chosen][first]]
    return segment


def subset(ratio: Ratio, rows: Bools) -> Ratio:
    """Some leaves of a ratio."""
    return ratio.each(lambda side: side[rows])
