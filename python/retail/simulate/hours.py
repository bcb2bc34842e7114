"""Times of day of orders and returns."""

import numpy as np

from retail.simulate.draws import IntArray

# Orders from 6 o'clock to 20 o'clock, read off the public file.
WEEKDAY_HOURS = (0, 2, 43, 114, 163, 174, 222, 189, 170, 151, 85, 40, 1, 1, 0)
THURSDAY_HOURS = (0.1, 9, 122, 303, 458, 387, 591, 490, 463, 448, 348, 260, 179, 134, 16)
SUNDAY_HOURS = (0, 0, 0, 2, 225, 390, 461, 361, 310, 340, 114, 0, 0, 0, 0)
WEB_HOURS = (0, 0, 0, 47, 61, 36, 30, 36, 54, 138, 118, 54, 18, 1, 0)
FIRST_HOUR = 6
THURSDAY, SUNDAY = 3, 6


def order_minutes(size: int, weekday: int, rng: np.random.Generator) -> IntArray:
    """Draw the minutes of the day at which orders come in."""
    special = {THURSDAY: THURSDAY_HOURS, SUNDAY: SUNDAY_HOURS}
    return _draw(special.get(weekday, WEEKDAY_HOURS), size, rng)


def web_minutes(size: int, rng: np.random.Generator) -> IntArray:
    """Draw the minutes of the day at which the web shop's collected orders are booked."""
    return _draw(WEB_HOURS, size, rng)


def _draw(weights: tuple[float, ...], size: int, rng: np.random.Generator) -> IntArray:
    share = np.array(weights) / sum(weights)
    hour = FIRST_HOUR + rng.choice(len(share), size, p=share)
    return hour * 60 + rng.integers(0, 60, size)
