"""From evidence to one calibrated probability per period that something is really wrong.

1. Combine: the detectors' p-values become one by a Cauchy combination (Liu & Xie, 2020; half-Cauchy
   after Long, Li, Zhang & Li, 2023), which holds whatever their dependence.
2. Calibrate: how often p-values this small have come before, over the panel and in the series
   itself, replaces the nominal rate. Only earlier periods count.
3. Weigh: the KPIs of one period are combined the same way (they share their noise: orders and
   customers correlate at 0.95), and the outcome moves the prior chance that the shop has an
   incident in this period. Given that, each KPI's own p-value says whether it is part of it.

The result is one minus the local false discovery rate (Efron, 2008): reporting what is at least
this sure keeps the expected share of false reports, over everything tested and under any
dependence, below one minus the mean confidence reported (Sun & Cai, 2007). A verdict uses only the
period itself and its past, so a backfill gives what the daily runs would have given, and no run's
verdict depends on how many periods are tested together.
"""

from __future__ import annotations

import numpy as np

from detect import two_groups
from detect.detectors import Detector, Evidence
from detect.features import DetectorInput
from detect.records import Bools, Floats, Grain, Ints
from detect.two_groups import INCIDENT_PRIOR, SMALLEST

KNOTS = np.array([0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.001])
"""p-values at which nominal and observed rates are compared; chosen by hand."""
PANEL_PRIOR = np.maximum(100.0, 5.0 / KNOTS)
"""Of the panel; see SERIES_PRIOR."""
SERIES_PRIOR = np.maximum(400.0, 20.0 / KNOTS)
"""Tests that the nominal rate (or the panel's) counts for against the observed one. Small p-values
are rare: so many hits, not so many tests, must come first (DECISIONS.md, 25)."""
EXTREME = 3e-4
"""p-values up to this may come from incidents, not from a wrong band; chosen by hand."""
FIRST_INCIDENT, INCIDENTS = 1.0, 0.005
"""So many extreme tests, and this share of all, may be real incidents in the past; by hand."""
INVOLVED = 0.3
"""Prior chance that an incident touches a KPI; the likeliest one is touched; chosen by hand."""
SIDELINE = 0.3
"""Weight of a KPI at the grain that is not its cadence: it supports alarms; chosen by hand."""
CHUNK = 512
"""Series at a time, which bounds memory."""


def join(
    features: DetectorInput, detectors: tuple[Detector, ...], evidence: list[Evidence]
) -> Floats:
    """Return the detectors' combined p-values, (S, T); NaN where nothing was tested."""
    weights = np.array([d.weight for d in detectors])[:, None, None]
    joint = combine(np.stack([e.p_value for e in evidence]), weights)
    return np.where(features.tested, joint, np.nan)


def combine(p_values: Floats, weights: Floats) -> Floats:
    """Half-Cauchy combination over the first axis; missing ones leave their weight to the rest.

    Unlike with the full Cauchy, one p-value near 1 can't drown what the others say.
    """
    known = np.isfinite(p_values) & (weights > 0)
    share = np.where(known, weights, 0.0)
    total = share.sum(axis=0)
    p = np.clip(np.where(known, p_values, 1.0), SMALLEST, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (share / np.tan(0.5 * np.pi * p)).sum(axis=0) / total
        joint = 2 / np.pi * np.arctan2(1.0, np.where(np.isnan(mean), 0.0, mean))
    return np.where(total > 0, joint, np.nan)


def calibrate(p_values: Floats) -> Floats:
    """Replace nominal by observed rates, learned from earlier periods only, (S, T)."""
    parts = np.array_split(p_values, max(1, p_values.shape[0] // CHUNK))
    panel = _panel_rates(parts)
    replaced = [recalibrate(part, _rate(*_earlier(part), panel, SERIES_PRIOR)) for part in parts]
    return np.where(np.isfinite(p_values), np.concatenate(replaced), np.nan)


def observed_rates(p_values: Floats) -> Floats:
    """Share of each series' tests before a period that were at or below each knot, (S, T, K).

    Shrunk towards the panel's share, which is shrunk towards the nominal rate.
    """
    return _rate(*_earlier(p_values), _panel_rates([p_values]), SERIES_PRIOR)


def _panel_rates(parts: list[Floats]) -> Floats:
    """Share of all tests before each period at or below each knot, (T, K)."""
    counts = [_earlier(part) for part in parts]
    hits, tests = (sum(count[i].sum(axis=0) for count in counts) for i in range(2))
    return _rate(np.asarray(hits), np.asarray(tests), KNOTS, PANEL_PRIOR)


def _earlier(p_values: Floats) -> tuple[Floats, Floats]:
    """Tests before each period at or below each knot (S, T, K), and all of them (S, T, 1).

    Extreme ones are no sign of a wrong rate while they are few: they are put down to incidents.
    """
    seen, extreme = _before(np.isfinite(p_values)), _before(p_values <= EXTREME)
    excused = np.minimum(extreme, FIRST_INCIDENT + INCIDENTS * seen)[..., None]
    hits = np.stack([_before(p_values <= knot) for knot in KNOTS], axis=-1)
    return hits - excused, seen[..., None] - excused


def _before(flags: Bools) -> Floats:
    return np.asarray(np.cumsum(flags, axis=-1, dtype=np.float64) - flags)


def _rate(hits: Floats, tests: Floats, prior: Floats, trust: Floats) -> Floats:
    """Share of hits, shrunk towards a prior."""
    return np.asarray((hits + trust * prior) / (tests + trust))


def recalibrate(p_values: Floats, rates: Floats) -> Floats:
    """Interpolate log p between the knots' observed rates; in proportion below the last."""
    log_p = np.log(np.clip(np.nan_to_num(p_values, nan=1.0), SMALLEST, 1.0))
    knots = np.concatenate([[0.0], np.log(KNOTS)])
    ends = np.concatenate([np.zeros((*rates.shape[:-1], 1)), np.log(rates)], axis=-1)
    cell = np.clip(np.searchsorted(-knots, -log_p, side="right") - 1, 0, KNOTS.size - 1)
    low, high = (np.take_along_axis(ends, (cell + i)[..., None], -1)[..., 0] for i in (0, 1))
    share = (log_p - knots[cell]) / (knots[cell + 1] - knots[cell])
    inside = low + share * (high - low)
    return np.asarray(np.exp(np.where(share <= 1, inside, log_p - knots[-1] + ends[..., -1])))


def posterior(p_values: Floats, weights: Floats, grain: Grain) -> Floats:
    """Chance that each tested period is part of a real incident, (S, T); 0 where untested.

    Args:
        p_values: calibrated, (S, T), NaN where untested.
        weights: how much each counts in the verdict on the period as a whole, (S, T).
        grain: sets the prior.
    """
    whole = calibrate(combine(p_values, weights)[None])[0]
    incident = two_groups.posterior(INCIDENT_PRIOR[grain], whole)
    touched = np.where(
        np.isfinite(p_values), two_groups.posterior(_involvement_prior(weights), p_values), 0.0
    )
    return np.asarray(incident * touched / np.maximum(touched.max(axis=0), SMALLEST))


def _involvement_prior(weights: Floats) -> Floats:
    """Prior chance of each series to be part of an incident: the lighter, the smaller."""
    return np.asarray(INVOLVED * np.sqrt(weights))


def counterfactual_posterior(
    p_values: Floats, weights: Floats, grain: Grain, place: tuple[Ints, Ints], tried: Floats
) -> Floats:
    """Posterior of some series' periods, had their p-values been others, (places, V).

    Args:
        p_values: calibrated, (S, T).
        weights: how much each counts, (S, T).
        grain: sets the prior.
        place: rows and columns of the periods in question.
        tried: p-values to put in their places, one after the other, (places, V).
    """
    rows, columns = place
    rates = observed_rates(combine(p_values, weights)[None])[0, columns]
    others = np.repeat(p_values.T[columns][:, :, None], tried.shape[1], axis=2)
    others[np.arange(rows.size), rows] = tried
    whole = combine(np.moveaxis(others, 1, 0), weights[:, columns][:, :, None])
    whole = recalibrate(whole, np.repeat(rates[:, None], tried.shape[1], axis=1))
    touched = two_groups.posterior(
        _involvement_prior(weights[:, columns])[:, :, None], np.moveaxis(others, 1, 0)
    )
    touched = np.where(np.isfinite(np.moveaxis(others, 1, 0)), touched, 0.0)
    mine = touched[rows, np.arange(rows.size)] / np.maximum(touched.max(axis=0), SMALLEST)
    return np.asarray(two_groups.posterior(INCIDENT_PRIOR[grain], whole) * mine)


def kpi_weights(features: DetectorInput) -> Floats:
    """A KPI's weight at this grain, shared equally by its segments under test, (S, T)."""
    series, grain = features.panel.series, features.panel.grain
    weight = np.array([1.0 if s.kpi.cadence == grain else SIDELINE for s in series])
    kpi = np.unique([s.kpi.name for s in series], return_inverse=True)[1]
    segments = np.stack(
        [features.tested[kpi == k].sum(axis=0) for k in range(kpi.max(initial=0) + 1)]
    )
    return np.asarray(weight[:, None] / np.maximum(segments, 1)[kpi])
