"""Lines that are no merchandise: postage, carriage, manual entries, fees, vouchers, bad debt."""

from dataclasses import dataclass

import numpy as np

from retail.simulate.countries import HOME, NAMES
from retail.simulate.drafts import Draft, single_lines
from retail.simulate.draws import FloatArray, IntArray
from retail.simulate.lines import BAD_DEBT, CREDIT, NO_CUSTOMER, PENNY, SALE


@dataclass(frozen=True, slots=True)
class Charge:
    """A kind of entry: how often on a day of the public shop, and how large (log-normal)."""

    code: str
    text: str
    kind: int
    per_day: float
    median: float
    spread: float
    identified: float


CHARGES = (
    Charge("M", "Manual", SALE, 1.00, 5.0, 2.0, 0.88),
    Charge("M", "Manual", CREDIT, 0.80, 120.0, 1.2, 0.72),
    Charge("D", "Discount", CREDIT, 0.25, 23.0, 1.2, 1.0),
    Charge("S", "SAMPLES", CREDIT, 0.20, 16.5, 0.9, 0.0),
    Charge("BANK CHARGES", "Bank Charges", SALE, 0.04, 15.0, 0.0, 1.0),
    Charge("BANK CHARGES", "Bank Charges", CREDIT, 0.08, 135.0, 0.6, 1.0),
    Charge("AMAZONFEE", "AMAZON FEE", CREDIT, 0.105, 5900.0, 0.6, 0.0),
    Charge("CRUK", "CRUK Commission", CREDIT, 0.052, 470.0, 0.8, 1.0),
    Charge("gift_0001_20", "Dotcomgiftshop Gift Voucher £20.00", SALE, 0.11, 16.67, 0.0, 0.0),
    Charge("B", "Adjust bad debt", BAD_DEBT, 0.02, 9000.0, 0.3, 0.0),
)
POSTAGE, CARRIAGE, WEB_POSTAGE = ("POST", "POSTAGE"), ("C2", "CARRIAGE"), ("DOT", "DOTCOM POSTAGE")
CODES = tuple(dict.fromkeys([c.code for c in CHARGES] + [POSTAGE[0], CARRIAGE[0], WEB_POSTAGE[0]]))
TEXTS = tuple(dict.fromkeys([c.text for c in CHARGES] + [POSTAGE[1], CARRIAGE[1], WEB_POSTAGE[1]]))

POSTAGE_SHARE, CARRIAGE_SHARE, HOME_CARRIAGE_SHARE, WEB_POSTAGE_SHARE = 0.62, 0.45, 0.002, 0.97
POSTAGE_PRICES = (18_000, 28_000, 15_000, 40_000)  # thousandths of a pound
CARRIAGE_PRICE = 50_000
BAD_DEBT_WRITTEN_OFF = 0.67


@dataclass(frozen=True, slots=True)
class WordOffsets:
    """Where the words of this module begin in the shop's vocabulary."""

    code: int
    text: int

    def of(self, entry: tuple[str, str]) -> tuple[int, int]:
        """Return the positions of a code and its description."""
        return self.code + CODES.index(entry[0]), self.text + TEXTS.index(entry[1])


def draft_charges(
    activity: float,
    people: tuple[IntArray, IntArray],
    offsets: WordOffsets,
    messy: bool,
    rng: np.random.Generator,
) -> list[Draft]:
    """Draw the entries of a day that stand alone; `people` are (ids, countries) to charge."""
    wanted = [charge for charge in CHARGES if messy or charge.kind != BAD_DEBT]
    return [_draft(charge, activity, people, offsets, rng) for charge in wanted]


def _draft(
    charge: Charge,
    activity: float,
    people: tuple[IntArray, IntArray],
    offsets: WordOffsets,
    rng: np.random.Generator,
) -> Draft:
    size = int(rng.poisson(charge.per_day * activity))
    code, text = offsets.of((charge.code, charge.text))
    customer, country = _whom(size, charge.identified, people, rng)
    price = np.maximum(np.rint(charge.median * rng.lognormal(0, charge.spread, size) * 100), 1)
    sign = np.where(rng.random(size) < BAD_DEBT_WRITTEN_OFF, -1, 1)
    return single_lines(
        charge.kind,
        rng.integers(600, 960, size),
        customer,
        country,
        np.full(size, code),
        np.full(size, text),
        np.full(size, -1 if charge.kind == CREDIT else 1),
        price.astype(np.int64) * PENNY * (sign if charge.kind == BAD_DEBT else 1),
    )


def _whom(
    size: int, identified: float, people: tuple[IntArray, IntArray], rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    ids, countries = people
    home = np.full(size, NAMES.index(HOME))
    if len(ids) == 0:
        return np.full(size, NO_CUSTOMER), home
    who, known = rng.integers(0, len(ids), size), rng.random(size) < identified
    return np.where(known, ids[who], NO_CUSTOMER), np.where(known, countries[who], home)


def add_postage(orders: Draft, offsets: WordOffsets, rng: np.random.Generator) -> Draft:
    """Add postage to orders from abroad, carriage to the neighbours', as further lines."""
    luck = rng.random(len(orders.kind))
    home = orders.country == NAMES.index(HOME)
    eire = orders.country == NAMES.index("EIRE")
    carriage = np.where(eire, CARRIAGE_SHARE, np.where(home, HOME_CARRIAGE_SHARE, 0.0)) > luck
    postage = ~home & ~eire & (luck < POSTAGE_SHARE)
    price = rng.choice(POSTAGE_PRICES, len(luck), p=(0.75, 0.1, 0.1, 0.05))
    pieces = rng.choice(4, len(luck), p=(0.5, 0.25, 0.15, 0.1)) + 1
    posted = _further(orders, np.flatnonzero(postage), offsets.of(POSTAGE), pieces, price)
    carried = np.flatnonzero(carriage)
    return _further(
        posted,
        carried,
        offsets.of(CARRIAGE),
        np.ones_like(pieces),
        np.full_like(price, CARRIAGE_PRICE),
    )


def add_web_postage(orders: Draft, offsets: WordOffsets, rng: np.random.Generator) -> Draft:
    """Add the collected postage of a web order as a further line."""
    posted = np.flatnonzero(rng.random(len(orders.kind)) < WEB_POSTAGE_SHARE)
    pounds: FloatArray = 185.0 * rng.lognormal(0, 0.8, len(orders.kind))
    price = np.rint(pounds * 100).astype(np.int64) * PENNY
    return _further(orders, posted, offsets.of(WEB_POSTAGE), np.ones_like(price), price)


def _further(
    orders: Draft,
    invoices: IntArray,
    entry: tuple[int, int],
    pieces: IntArray,
    price: IntArray,
) -> Draft:
    size = len(invoices)
    return Draft(
        orders.kind, orders.minute, orders.customer, orders.country,
        np.append(orders.invoice, invoices),
        np.append(orders.code, np.full(size, entry[0])),
        np.append(orders.text, np.full(size, entry[1])),
        np.append(orders.quantity, pieces[invoices]),
        np.append(orders.price, price[invoices]),
    )  # fmt: skip
