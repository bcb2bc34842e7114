"""What the shop sells: stock codes, descriptions, prices, popularity, and when each is on sale."""

import math
from dataclasses import dataclass

import numpy as np

from retail.errors import RetailError
from retail.simulate.config import PUBLIC_ORDERS_PER_DAY, ShopConfig
from retail.simulate.draws import FloatArray, IntArray, stream
from retail.simulate.lines import MILLS
from retail.simulate.words import COLOURS, MOTIFS, OBJECTS, SEASONS, SIZE_PRICES, SIZES

PUBLIC_PRODUCTS = 3_400
SMALLEST_RANGE = 120
RENEWAL_PER_YEAR = 0.24  # launched in a year, as a share of the range; as many are retired
LONGEST_TEXT = 35
COLOURS_PER_PASS = 4
LETTERS = "ABCDEFGHIJKLMNOPQRSTU"

# Lines sold of the product at a rank, ranks as a share of the range; read off the public file.
RANKS = (0.0, 0.0005, 0.0013, 0.0026, 0.005, 0.013, 0.026, 0.053, 0.105, 0.21, 0.32, 0.42, 0.53,
         0.66, 0.79, 0.92, 1.0)  # fmt: skip
RANK_LINES = (2300, 2050, 1500, 1330, 1170, 920, 690, 490, 345, 208, 138, 95, 64, 38, 20, 8, 3)

PRICE_POINTS = (
    0.19, 0.21, 0.29, 0.39, 0.42, 0.55, 0.65, 0.72, 0.79, 0.85, 0.95, 1.06, 1.25, 1.45, 1.65,
    1.69, 1.95, 2.10, 2.25, 2.55, 2.95, 3.25, 3.75, 3.95, 4.25, 4.65, 4.95, 5.45, 5.95, 6.75, 7.95,
    8.50, 9.95, 10.95, 12.75, 14.95, 16.95, 18.95, 19.95,
)  # fmt: skip
PRICE_SPREAD = 0.38  # standard deviation of the log price around the object's usual one
PRICE_LEVEL = 0.68  # of the usual prices in `words`
WEB_MARKUP = 1.968  # web shoppers pay about twice the trade price, tax included
BULK_FROM = ((1.0, 96), (2.0, 48), (5.0, 24), (1e9, 12))  # below this price, bulk from so many
TRAILING_BLANK_SHARE, DOUBLE_BLANK_SHARE, INCH_SHARE, SECOND_TEXT_SHARE = 0.20, 0.04, 0.004, 0.06
FAME_AT = 330.0  # popularity of the product of a usual line
FASHION = 0.35  # standard deviation of the log popularity of a product from week to week


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every product of the simulated stretch; arrays have shape (products,).

    Days count from the shop's first. Prices are thousandths of a pound. `second_texts` are other
    spellings of the same description (mostly the same string); `season` has shape (products, 12).
    """

    codes: tuple[str, ...]
    texts: tuple[str, ...]
    second_texts: tuple[str, ...]
    prices: IntArray
    later_prices: IntArray
    bulk_from: IntArray
    repriced_on: IntArray
    launched_on: IntArray
    retired_on: IntArray
    popularity: FloatArray
    season: FloatArray
    seed: int

    @property
    def fame(self) -> FloatArray:
        """Log popularity around that of a usual line's product; shape (products,)."""
        return np.log(self.popularity / FAME_AT)

    def weights(self, day: int, month: int) -> FloatArray:
        """Return how likely a line of that day is each product; any positive scale."""
        on_sale = (self.launched_on <= day) & (day < self.retired_on)
        fashion = stream(self.seed, "fashion", day // 7).normal(0.0, FASHION, len(self.codes))
        weights = self.popularity * self.season[:, month - 1] * np.exp(fashion) * on_sale
        return np.asarray(weights if weights.any() else self.popularity, dtype=np.float64)

    def trade_prices(self, products: IntArray, quantities: IntArray, day: int) -> IntArray:
        """Return the price of each line: the list price, one step lower from a bulk quantity."""
        later = day >= self.repriced_on[products]
        listed = np.where(later, self.later_prices[products], self.prices[products])
        return np.where(quantities >= self.bulk_from[products], _step(listed, -1), listed)


def build_catalogue(config: ShopConfig) -> Catalogue:
    """Make up the range of a shop, with what is launched and retired until its last day.

    Raises:
        RetailError: the words do not suffice for so many products.
    """
    size = _range_size(config)
    launched_on = _launches(size, config)
    total = len(launched_on)
    group, letter = _groups(total, config.seed)
    colour, motif, thing, extra = _designs(group, letter, config.seed)
    texts = _describe(colour, motif, thing, extra)
    prices, later = _prices(thing, extra, group, config.seed)
    messy, second = _misspell(texts, config.seed) if config.messy else (texts, texts)
    lifetimes = stream(config.seed, "lifetimes").exponential(365 / RENEWAL_PER_YEAR, total)
    return Catalogue(
        codes=_codes(group, letter, config.seed),
        texts=messy,
        second_texts=second,
        prices=prices,
        later_prices=later,
        bulk_from=_bulk_from(prices),
        repriced_on=stream(config.seed, "repricing").integers(0, 1200, total) + launched_on,
        launched_on=launched_on,
        retired_on=launched_on.clip(min=0) + (lifetimes + 14).astype(np.int64),
        popularity=_popularity(size, total, config.seed),
        season=_seasons()[thing],
        seed=config.seed,
    )


def _range_size(config: ShopConfig) -> int:
    if config.products is not None:
        return config.products
    scale = min(1.0, config.orders_per_day / PUBLIC_ORDERS_PER_DAY)
    return max(SMALLEST_RANGE, round(PUBLIC_PRODUCTS * math.sqrt(scale)))


def _launches(size: int, config: ShopConfig) -> IntArray:
    """Return launch days: the opening range at -1, then each year's newcomers spread over it."""
    a_year = round(size * RENEWAL_PER_YEAR)
    years = [
        365 * year + np.sort(stream(config.seed, "launches", year).integers(0, 365, a_year))
        for year in range(config.days // 365 + 1)
    ]
    return np.concatenate([np.full(size, -1), *years]).astype(np.int64)


def _groups(total: int, seed: int) -> tuple[IntArray, IntArray]:
    """Number the designs; a design in several colours shares its digits and differs by a letter."""
    sizes = stream(seed, "variants").choice([1, 2, 3, 4], total, p=[0.88, 0.06, 0.04, 0.02])
    group = np.repeat(np.arange(total), sizes)[:total]
    nth = np.arange(len(group)) - np.searchsorted(group, group)
    return group, np.where(sizes[group] > 1, nth, -1)


def _designs(
    group: IntArray, letter: IntArray, seed: int
) -> tuple[IntArray, IntArray, IntArray, IntArray]:
    """Give every product its own colour, motif and object, and some a size (-1 for none)."""
    things = sum(len(objects) for objects in OBJECTS.values())
    pairs = things * len(MOTIFS)
    turn, pair = np.divmod(group, pairs)
    if turn.max() >= len(COLOURS) // COLOURS_PER_PASS:
        raise RetailError(
            f"{len(group):,} products over the whole period: the words suffice for about "
            f"{pairs * (len(COLOURS) // COLOURS_PER_PASS):,}; ask for fewer products or days"
        )
    order = stream(seed, "designs").permutation(pairs)[pair]
    first = stream(seed, "colours").integers(0, len(COLOURS), pairs)[pair]
    colour = (first + COLOURS_PER_PASS * turn + np.maximum(letter, 0)) % len(COLOURS)
    extra = stream(seed, "sizes").integers(-16, len(SIZES), len(group))[group]
    return colour, order % len(MOTIFS), order // len(MOTIFS), np.maximum(extra, -1)


def _things() -> list[tuple[str, str, float]]:
    return [(theme, name, price) for theme, all_ in OBJECTS.items() for name, price in all_]


def _describe(
    colour: IntArray, motif: IntArray, thing: IntArray, extra: IntArray
) -> tuple[str, ...]:
    names = [name for _, name, _ in _things()]
    return tuple(
        _sentence(COLOURS[c], MOTIFS[m], names[t], SIZES[e] if e >= 0 else "")
        for c, m, t, e in zip(colour, motif, thing, extra, strict=True)
    )


def _sentence(colour: str, motif: str, thing: str, size: str) -> str:
    """Put the words in order; what is too long begins with the object and is cut, as theirs is."""
    usual = " ".join(word for word in (size, colour, motif, thing) if word)
    if len(usual) <= LONGEST_TEXT:
        return usual
    return f"{thing} {colour} {motif}"[:LONGEST_TEXT].rstrip()


def _codes(group: IntArray, letter: IntArray, seed: int) -> tuple[str, ...]:
    """Return five digits, most of them in the twenty thousands, and a letter where colours vary."""
    numbers = np.arange(10_001, 90_215)
    order = stream(seed, "codes").random(len(numbers))
    order -= 0.95 * ((numbers >= 20_600) & (numbers < 24_000))
    digits = numbers[np.argsort(order)][group]
    return tuple(f"{d}{LETTERS[v] if v >= 0 else ''}" for d, v in zip(digits, letter, strict=True))


def _prices(
    thing: IntArray, extra: IntArray, group: IntArray, seed: int
) -> tuple[IntArray, IntArray]:
    """Return list prices at the start and after a rise by one price point, in thousandths."""
    usual = PRICE_LEVEL * np.array([price for _, _, price in _things()])[thing]
    usual = usual * np.array([*SIZE_PRICES, 1.0])[extra]
    usual = usual * np.exp(stream(seed, "prices").normal(0.0, PRICE_SPREAD, len(group)))[group]
    points = np.array([round(point * MILLS) for point in PRICE_POINTS])
    nearest = np.abs(np.log(points)[None, :] - np.log(usual * MILLS)[:, None]).argmin(axis=1)
    listed = points[nearest].astype(np.int64)
    return listed, _step(listed, 1)


def _step(prices: IntArray, by: int) -> IntArray:
    """Move prices to the next price point up or down (by two where the next is too near)."""
    points = np.array([round(point * MILLS) for point in PRICE_POINTS])
    place = np.searchsorted(points, prices)
    moved = points[np.clip(place + by, 0, len(points) - 1)]
    near = np.abs(moved - prices) < 0.06 * prices
    return np.where(near, points[np.clip(place + 2 * by, 0, len(points) - 1)], moved)


def _bulk_from(prices: IntArray) -> IntArray:
    below = np.array([round(price * MILLS) for price, _ in BULK_FROM])
    pieces = np.array([quantity for _, quantity in BULK_FROM])
    return pieces[np.searchsorted(below, prices, side="right")]


def _popularity(size: int, total: int, seed: int) -> FloatArray:
    """Return relative sales: the public file's curve over the range, newcomers drawn from it."""
    rng = stream(seed, "popularity")
    opening = (rng.permutation(size) + 0.5) / size
    rank = np.concatenate([opening, rng.random(total - size)])
    return np.asarray(np.exp(np.interp(rank, RANKS, np.log(RANK_LINES))), dtype=np.float64)


def _seasons() -> FloatArray:
    flat = (1.0,) * 12
    return np.array([SEASONS.get(theme, flat) for theme, _, _ in _things()], dtype=np.float64)


def _misspell(texts: tuple[str, ...], seed: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Add stray blanks and inches to some descriptions, and a second spelling to a few."""
    luck = stream(seed, "misspelling").random((len(texts), 4))
    first = [_stray(text, *row[:3]) for text, row in zip(texts, luck, strict=True)]
    second = [
        _turn_round(text) if row[3] < SECOND_TEXT_SHARE else text
        for text, row in zip(first, luck, strict=True)
    ]
    return tuple(first), tuple(second)


def _stray(text: str, trailing: float, double: float, inch: float) -> str:
    if inch < INCH_SHARE:
        text += ' 12"'
    if double < DOUBLE_BLANK_SHARE:
        text = text.replace(" ", "  ", 1)
    return text + " " if trailing < TRAILING_BLANK_SHARE else text


def _turn_round(text: str) -> str:
    """Say the last word first: `RED ROBIN MUG` becomes `MUG , RED ROBIN`."""
    words = text.split()
    return f"{words[-1]} , {' '.join(words[:-1])}"
