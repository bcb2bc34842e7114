"""Demand of each day: trading calendar, season, weekday, drift and noise."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate

import numpy as np

from retail.errors import RetailError
from retail.simulate.closures import open_days
from retail.simulate.config import PUBLIC_ORDERS_PER_DAY, ShopConfig
from retail.simulate.draws import BoolArray, FloatArray, IntArray, stream

# Orders of a day around the year's mean, by day of the year; read off the public file.
SEASON_DAYS = (4, 15, 46, 69, 84, 105, 125, 140, 161, 182, 196, 222, 243, 258, 273, 288, 304, 312,
               322, 332, 337, 342, 349, 356, 365)  # fmt: skip
SEASON = (0.68, 0.65, 0.70, 0.75, 0.83, 0.92, 1.04, 1.10, 0.96, 0.87, 0.87, 0.80, 0.87, 1.00, 1.13,
          1.18, 1.32, 1.54, 1.70, 1.62, 1.64, 1.50, 1.20, 0.78, 0.68)  # fmt: skip
MONDAY_TO_SUNDAY = (0.98, 0.99, 1.01, 1.20, 0.92, 0.0, 0.66)
# Lines in an order around the year's mean, January to December.
BASKET_MONTHS = (1.03, 0.95, 0.98, 0.94, 0.87, 0.93, 0.96, 1.01, 1.09, 1.22, 1.14, 0.95)
WEB_BASKET_MONTHS = (1.2, 0.95, 1.0, 0.9, 0.65, 0.8, 0.85, 0.95, 1.4, 1.8, 2.5, 1.9)
SUNDAY, SUNDAY_BASKET = 6, 1.38
WEEKDAY_GUESTS, SUNDAY_GUESTS = 1.2, 0.12  # orders without customer, around their mean
DRIFT_MEMORY = 0.80  # how much of the level's departure is left on the next day
NEWCOMER_SHARE = 0.12  # of the orders by identified customers
WEB_SHARE = 0.5  # of the orders without customer; the rest are sales over the counter

MEAN_BASKET, MEAN_WEB_BASKET, MEAN_GUEST_BASKET = 19.8, 150.0, 17.0
ROWS_PER_LINE = 1.02  # with returns, charges, corrections and copies, without repeats


@dataclass(frozen=True, slots=True)
class _Course:
    is_open: BoolArray
    month: IntArray
    weekday: IntArray
    level: FloatArray
    guests: FloatArray
    basket: FloatArray
    web_basket: FloatArray


@dataclass(frozen=True, slots=True)
class Plan:
    """The days ahead; arrays have shape (days,).

    `loyal`, `web` and `guests` are mean orders, `newcomers` whole first orders; `basket` and
    `web_basket` are mean lines in an order; `activity` is the shop's size beside the public one.
    """

    is_open: BoolArray
    month: IntArray
    weekday: IntArray
    loyal: FloatArray
    newcomers: IntArray
    web: FloatArray
    guests: FloatArray
    basket: FloatArray
    web_basket: FloatArray
    activity: FloatArray

    def next_open(self, days: IntArray) -> IntArray:
        """Return the first trading day from each day on; the number of days if none is left."""
        opened = np.flatnonzero(self.is_open)
        place = np.searchsorted(opened, days)
        return np.append(opened, len(self.is_open))[place]


def scaled(config: ShopConfig) -> ShopConfig:
    """Turn a wanted number of rows into orders per day; without one, return the shop as it is."""
    if config.lines is None:
        return config
    course = _course(config)
    share = config.guest_share
    identified = course.level * (1 - share) * MEAN_BASKET * course.basket
    others = WEB_SHARE * MEAN_WEB_BASKET * course.web_basket + (1 - WEB_SHARE) * MEAN_GUEST_BASKET
    rows = float((identified + course.guests * share * others).sum()) * ROWS_PER_LINE
    if rows == 0:
        raise RetailError(
            f"no trading day from {config.start} to {config.end}: ask for more days, or no --lines"
        )
    return replace(config, lines=None, orders_per_day=config.lines / rows)


def build_plan(config: ShopConfig) -> Plan:
    """Draw the course of a period (`scaled` already); a shorter period has a prefix of it."""
    course = _course(config)
    identified = config.orders_per_day * (1 - config.guest_share) * course.level
    others = config.orders_per_day * config.guest_share * course.guests
    return Plan(
        is_open=course.is_open,
        month=course.month,
        weekday=course.weekday,
        loyal=identified * (1 - NEWCOMER_SHARE),
        newcomers=_poisson(identified * NEWCOMER_SHARE, "newcomers", config.seed),
        web=others * WEB_SHARE,
        guests=others * (1 - WEB_SHARE),
        basket=course.basket * MEAN_BASKET,
        web_basket=course.web_basket * MEAN_WEB_BASKET,
        activity=config.orders_per_day / PUBLIC_ORDERS_PER_DAY * course.is_open.astype(np.float64),
    )


def _course(config: ShopConfig) -> _Course:
    """Lay out the days of a period relative to the year's mean."""
    dates = [config.start + timedelta(i) for i in range(config.days)]
    month, weekday = np.array([d.month for d in dates]), np.array([d.weekday() for d in dates])
    is_open = open_days(config.start, config.days)
    sunday = weekday == SUNDAY
    return _Course(
        is_open=is_open,
        month=month,
        weekday=weekday,
        level=_level(config, dates, weekday) * is_open,
        guests=np.where(is_open, np.where(sunday, SUNDAY_GUESTS, WEEKDAY_GUESTS), 0.0),
        basket=np.array(BASKET_MONTHS)[month - 1] * np.where(sunday, SUNDAY_BASKET, 1.0),
        web_basket=np.array(WEB_BASKET_MONTHS)[month - 1],
    )


def _level(config: ShopConfig, dates: list[date], weekday: IntArray) -> FloatArray:
    """Return each day's orders relative to the year's mean."""
    day_of_year = np.array([d.timetuple().tm_yday for d in dates])
    season = np.exp(np.interp(day_of_year, SEASON_DAYS, np.log(SEASON), period=366))
    noise = config.day_noise * stream(config.seed, "day noise").standard_normal(config.days)
    growth = (1 + config.annual_growth) ** (np.arange(config.days) / 365.25)
    week = np.array(MONDAY_TO_SUNDAY)[weekday]
    return np.asarray(season * week * growth * np.exp(noise + _drift(config)), dtype=np.float64)


def _drift(config: ShopConfig) -> FloatArray:
    """Return a first-order autoregressive log level with standard deviation `level_noise`."""
    shocks = stream(config.seed, "drift").standard_normal(config.days) * config.level_noise
    shocks[1:] *= (1 - DRIFT_MEMORY**2) ** 0.5
    return np.array(list(accumulate(shocks, lambda level, shock: DRIFT_MEMORY * level + shock)))


def _poisson(means: FloatArray, purpose: str, seed: int) -> IntArray:
    """Draw one count per day, each from its own stream, so that a prefix stays the same."""
    return np.array(
        [stream(seed, purpose, day).poisson(mean) for day, mean in enumerate(means)],
        dtype=np.int64,
    )
