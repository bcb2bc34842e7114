"""How many pieces of a product go into an order line."""

import numpy as np

from retail.simulate.draws import FloatArray, IntArray
from retail.simulate.lines import MILLS

BAND_TO = (0.3, 0.5, 0.9, 1.3, 1.7, 2.3, 3.2, 4.5, 7.0, 11.0)  # pounds; the last band is open
PIECES = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 25, 30, 36, 40, 48, 50, 60, 72, 96, 100, 120,
          144, 200, 240, 288, 432, 600)  # fmt: skip

# Per mille of identified lines with so many pieces, one row per price band; public file, rounded.
TRADE = (
    (56, 40, 26, 28, 25, 42, 10, 26, 84, 2, 12, 300, 12, 12, 65, 3, 110, 5, 8, 26, 28, 12, 4, 14,
     4, 7, 9, 3, 2),
    (86, 69, 33, 35, 20, 38, 14, 17, 212, 15, 15, 150, 155, 2, 30, 2, 41, 10, 3, 14, 6, 3, 10, 6,
     3, 4, 3, 2, 1),
    (128, 98, 58, 47, 25, 48, 33, 62, 231, 21, 18, 138, 3, 4, 16, 2, 24, 2, 3, 6, 10, 7, 2, 6, 2, 2,
     2, 1, 1),
    (157, 113, 57, 51, 19, 60, 26, 36, 296, 16, 14, 87, 1, 2, 12, 3, 13, 2, 3, 13, 7, 2, 2, 6, 2, 2,
     2, 1, 1),
    (144, 123, 64, 54, 28, 56, 34, 124, 236, 13, 21, 38, 1, 6, 6, 5, 13, 3, 3, 3, 7, 10, 2, 4, 2, 1,
     1, 1, 1),
    (170, 133, 60, 47, 30, 115, 39, 150, 138, 4, 28, 22, 1, 7, 8, 3, 12, 4, 3, 3, 5, 15, 3, 3, 4, 1,
     1, 1, 1),
    (188, 131, 62, 51, 28, 335, 28, 10, 89, 4, 3, 22, 1, 2, 5, 10, 9, 2, 2, 3, 3, 2, 2, 2, 1, 1, 1,
     0, 0),
    (227, 131, 58, 278, 11, 110, 56, 5, 44, 9, 3, 31, 1, 2, 6, 1, 11, 6, 2, 6, 2, 2, 2, 2, 1, 1, 1,
     0, 0),
    (226, 193, 213, 148, 15, 74, 25, 24, 38, 6, 5, 9, 1, 2, 3, 2, 4, 2, 2, 2, 1, 1, 1, 1, 1, 0, 0,
     0, 0),
    (288, 463, 33, 97, 8, 34, 18, 15, 19, 13, 3, 7, 1, 2, 2, 1, 3, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0,
     0),
    (504, 277, 62, 81, 7, 37, 13, 4, 11, 3, 1, 3, 0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
     0),
)  # fmt: skip
WEB_MEAN = (8.0, 5.2, 3.4, 3.0, 2.9, 2.8, 2.7, 2.4, 2.2, 1.8, 1.4)


def price_bands(prices: IntArray) -> IntArray:
    """Return the price band of each price in thousandths of a pound."""
    return np.searchsorted(np.array(BAND_TO) * MILLS, prices, side="left")


def trade_pieces(bands: IntArray, shift: FloatArray, rng: np.random.Generator) -> IntArray:
    """Draw trade quantities: the band's distribution, its quantile moved by `shift` on the logit.

    A shift of 0 gives the distribution itself, a positive one larger quantities; shape (lines,).
    """
    luck = np.maximum(rng.random(len(bands)), 1e-12)
    moved = 1 / (1 + np.exp(-(np.log(luck / (1 - luck)) + shift)))
    shares = np.array(TRADE, dtype=np.float64)
    reach = np.cumsum(shares / shares.sum(axis=1, keepdims=True), axis=1)
    reach[:, -1] = 1.0
    flat = (reach + np.arange(len(TRADE))[:, None]).ravel()
    place = np.searchsorted(flat, bands + np.minimum(moved, 1 - 1e-12), side="right")
    nth: IntArray = np.minimum(place - bands * len(PIECES), len(PIECES) - 1)
    return np.array(PIECES, dtype=np.int64)[nth]


def web_pieces(bands: IntArray, rng: np.random.Generator) -> IntArray:
    """Draw quantities of private shoppers: few pieces, collected over many shoppers; (lines,)."""
    mean = np.array(WEB_MEAN)[bands] - 0.9
    spread = rng.lognormal(-0.72, 1.2, len(bands))
    return 1 + rng.poisson(mean * spread)
