"""Plant incidents into rows that exist already, such as a copy of the public file.

Rows that no incident touches stay exactly as they are, text and order; rows that cannot be read
(no date, no number) are never touched.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from retail.errors import RetailError
from retail.simulate.config import Dialect
from retail.simulate.draws import FloatArray, IntArray
from retail.simulate.frames import to_frame
from retail.simulate.incidents.effects import ADDED
from retail.simulate.incidents.market import Market, Target, aim
from retail.simulate.incidents.perturb import Setting, Strike, disturb
from retail.simulate.incidents.spec import Incident
from retail.simulate.incidents.supply import Supply
from retail.simulate.lines import MILLS, MINUTES_PER_DAY, PREFIXES, Lines, Vocabulary, is_sale, join
from retail.simulate.simulation import refuse_idle
from retail.simulate.truth import GroundTruth, planted

# Spellings of the eight columns, in the order of `Lines` in a public file.
SPELLINGS = (
    ("InvoiceNo", "Invoice", "invoice_no"),
    ("StockCode", "stock_code"),
    ("Description", "description"),
    ("Quantity", "quantity"),
    ("InvoiceDate", "invoice_date"),
    ("UnitPrice", "Price", "unit_price"),
    ("CustomerID", "Customer ID", "customer_id"),
    ("Country", "country"),
)
PRICE, CUSTOMER = 5, 6
WIDEST_GAP = 10_000_000  # unused customer numbers are looked for in so wide a range
MONTH_FIRST = r"^\d{1,2}/\d{1,2}/\d{4} "
INVOICE = re.compile(r"([CA]?)(\d+)")
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A table as numbers: its readable rows, the words they use, and how it spells.

    `invoices` and `customers` are the numbers in use anywhere, in rising order.
    """

    lines: Lines
    invoices: IntArray
    customers: IntArray
    words: Vocabulary
    columns: tuple[str, ...]
    dialect: Dialect


def inject(
    frame: pd.DataFrame, incidents: Sequence[Incident], seed: int
) -> tuple[pd.DataFrame, GroundTruth]:
    """Plant incidents into a table of raw rows.

    Args:
        frame: the eight columns as text, spelled as in Online Retail, in Online Retail II or in
            `raw.order_lines`; other columns are carried along.
        incidents: what to plant, applied to a day in this order.
        seed: same rows, incidents and seed, same result.

    Returns:
        A new table with a fresh index, and what was planted.

    Raises:
        RetailError: a column is missing, nothing can be read, or an incident would touch no row.
    """
    reading = _read(frame)
    if not incidents:
        return frame.reset_index(drop=True), _truth(reading, len(frame), seed, (), [])
    targets = aim(incidents, lines_market(reading.lines, reading.words), seed)
    days, strikes = [], list[Strike]()
    for _, lines, struck in disturb(_days(reading), targets, _setting(reading, seed)):
        days.append(lines)
        strikes.extend(struck)
    result = _rebuild(frame, reading, join(days))
    truth = _truth(reading, len(result), seed, targets, strikes)
    refuse_idle(truth.incidents)
    return result, truth


def frame_market(frame: pd.DataFrame) -> Market:
    """Return what can be hit in a table of raw rows, for `choose_incidents`.

    Raises:
        RetailError: a column is missing, or nothing can be read.
    """
    reading = _read(frame)
    return lines_market(reading.lines, reading.words)


def lines_market(lines: Lines, words: Vocabulary) -> Market:
    """Return what can be hit in rows.

    `daily` is the lower quartile over the months, so that what is chosen by chance sells on most
    days of any month; a product's description is the one used most.
    """
    sold = lines.take(is_sale(lines, words))
    names, place = np.unique(np.array(words.products, dtype=object), return_inverse=True)
    product, day = place[sold.code], sold.minute // MINUTES_PER_DAY
    days = np.unique(day)
    daily = np.quantile(_monthly(product, day, len(names)), 0.25, axis=0)
    revenue = np.bincount(product, sold.amount, len(names))
    best = _most_used(product, sold.text, len(names))
    order = [nth for nth in np.argsort(-revenue, kind="stable").tolist() if best[nth] >= 0]
    _, first = np.unique(sold.invoice, return_index=True)
    countries = np.bincount(sold.country[first], minlength=len(words.countries))
    return Market(
        days=tuple(EPOCH + timedelta(one) for one in days.tolist()),
        products={names[nth]: words.texts[best[nth]].strip() for nth in order},
        revenue={names[nth]: float(revenue[nth]) for nth in order},
        daily={names[nth]: float(daily[nth]) for nth in order},
        countries=tuple(
            words.countries[nth].strip()
            for nth in np.argsort(-countries, kind="stable").tolist()
            if countries[nth]
        ),
    )


def _monthly(product: IntArray, day: IntArray, products: int) -> FloatArray:
    """Return lines a day of each product in each stretch of 30 days; shape (months, products)."""
    month = (day - day.min()) // 30
    months = int(month.max()) + 1
    cells = np.bincount(month * products + product, minlength=months * products)
    trading = np.bincount((np.unique(day) - day.min()) // 30, minlength=months).clip(min=1)
    return np.asarray(cells.reshape(months, products) / trading[:, None], dtype=np.float64)


def _most_used(code: IntArray, text: IntArray, codes: int) -> IntArray:
    """Return for each code the description most of its rows have, -1 where it has no row."""
    width = int(text.max(initial=0)) + 1
    pairs, count = np.unique(code * width + text, return_counts=True)
    rising = pairs[np.argsort(count, kind="stable")]
    best = np.full(codes, -1)
    best[rising // width] = rising % width
    return best


def _read(frame: pd.DataFrame) -> _Reading:
    """Read each spelling once; a row counts as readable with a number, a date and two amounts."""
    columns = tuple(_column(frame, spellings) for spellings in SPELLINGS)
    places, names = zip(*(_factorize(frame[column]) for column in columns), strict=True)
    number, kind = _invoices(names[0])
    quantity, price, customer = (_number(names[nth]) for nth in (3, 5, 6))
    minute, month_first = _minutes(names[4])
    values = (number, quantity, minute, price)
    known = [~np.isnan(value)[places[nth]] for value, nth in zip(values, (0, 3, 4, 5), strict=True)]
    rows = np.flatnonzero(np.logical_and.reduce(known))
    if len(rows) == 0:
        raise RetailError(f"none of {len(frame):,} rows has an invoice number, date and amounts")
    at = [place[rows] for place in places]
    lines = Lines(
        invoice=_whole(number[at[0]]),
        kind=kind[at[0]],
        code=at[1],
        text=at[2],
        quantity=_whole(quantity[at[3]]),
        minute=_whole(minute[at[4]]),
        price=_whole(price[at[5]] * MILLS),
        customer=_whole(np.nan_to_num(customer[at[6]])),
        country=at[7],
        row=rows,
    )
    words = Vocabulary(tuple(names[1]), tuple(names[2]), tuple(names[7]))
    dialect: Dialect = "retail" if month_first else "retail2"
    return _Reading(lines, _used(number), _used(customer), words, columns, dialect)


def _column(frame: pd.DataFrame, spellings: tuple[str, ...]) -> str:
    for name in spellings:
        if name in frame.columns:
            return name
    raise RetailError(f"the table has no column {' or '.join(spellings)}")


def _factorize(column: pd.Series) -> tuple[IntArray, list[str]]:
    """Return the position of each row's text, and the different texts; a missing one is empty."""
    places, names = pd.factorize(column, use_na_sentinel=False)
    return places.astype(np.int64), ["" if pd.isna(name) else str(name) for name in names]


def _number(names: list[str]) -> FloatArray:
    return pd.to_numeric(pd.Series(names), errors="coerce").to_numpy(dtype=np.float64)


def _invoices(names: list[str]) -> tuple[FloatArray, IntArray]:
    """Return invoice numbers (NaN where there is none) and their letters' positions."""
    found = [INVOICE.fullmatch(name.strip().upper()) for name in names]
    number = [float(match[2]) if match else np.nan for match in found]
    kind = [PREFIXES.index(match[1]) if match else 0 for match in found]
    return np.array(number), np.array(kind, dtype=np.int64)


def _minutes(names: list[str]) -> tuple[FloatArray, bool]:
    """Return minutes since 1970 (NaN for no date), and whether dates are written month first."""
    text = pd.Series(names, dtype="str")
    month_first = bool(text.str.contains(MONTH_FIRST).mean() > 0.5)
    form = "%m/%d/%Y %H:%M" if month_first else "ISO8601"
    times = pd.to_datetime(text, format=form, errors="coerce")
    minutes = times.to_numpy().astype("datetime64[m]").astype(np.float64)
    return np.where(times.isna(), np.nan, minutes), month_first


def _whole(values: FloatArray) -> IntArray:
    return np.rint(values).astype(np.int64)


def _used(numbers: FloatArray) -> IntArray:
    return np.unique(_whole(numbers[~np.isnan(numbers)]))


def _setting(reading: _Reading, seed: int) -> Setting:
    """Take new numbers from those that are left out, then from beyond the highest."""
    known = reading.customers
    low, high = (int(known[0]), int(known[-1])) if len(known) else (1, 1)
    span = np.arange(low, min(high, low + WIDEST_GAP))
    return Setting(
        words=reading.words,
        invoices=Supply(int(reading.invoices[-1]) + 1),
        customers=Supply(high + 1, np.setdiff1d(span, known)),
        seed=seed,
    )


def _days(reading: _Reading) -> Iterator[tuple[date, Lines, IntArray]]:
    """Split rows into days, each with the invoice numbers that its own leave out."""
    day = reading.lines.minute // MINUTES_PER_DAY
    order = np.argsort(day, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(day[order])) + 1):
        part = reading.lines.take(rows)
        yield EPOCH + timedelta(int(day[rows[0]])), part, _gaps(part.invoice, reading.invoices)


def _gaps(own: IntArray, used: IntArray) -> IntArray:
    """Return unused numbers between a day's invoices, but no more than a day could ever need."""
    low, high = np.quantile(own, [0.05, 0.95]).astype(np.int64)
    span = np.arange(low, min(high, low + 10 * len(own)))
    is_free = used[np.searchsorted(used, span)] != span
    return np.asarray(span[is_free], dtype=np.int64)


def _rebuild(frame: pd.DataFrame, reading: _Reading, after: Lines) -> pd.DataFrame:
    """Put the rows together again: untouched text as it was, the rest spelled in its dialect.

    An added row stands behind the row before it in time, and has its other columns.
    """
    added = after.row == ADDED
    place = _last_kept(after.row)
    result = frame.take(np.maximum(place, 0)).reset_index(drop=True).astype("object")
    spelled = _spelled(frame, reading, after)
    before = reading.lines.take(np.searchsorted(reading.lines.row, np.maximum(after.row, 0)))
    touched = {
        reading.columns[PRICE]: added | (before.price != after.price),
        reading.columns[CUSTOMER]: added | (before.customer != after.customer),
    }
    for column in reading.columns:
        rows = np.flatnonzero(touched.get(column, added))
        result.loc[rows, column] = spelled[column].to_numpy()[rows]
    unread = np.setdiff1d(np.arange(len(frame)), reading.lines.row)
    everything = pd.concat([result, frame.iloc[unread].astype("object")], ignore_index=True)
    later = np.concatenate([added, np.zeros(len(unread), dtype=np.bool_)])
    order = np.lexsort([later, np.concatenate([place, unread])])
    return everything.take(order).reset_index(drop=True).astype(frame.dtypes.to_dict())


def _last_kept(rows: IntArray) -> IntArray:
    """Return for each row the nearest one from the table at or before it; -1 if there is none."""
    nth = np.maximum.accumulate(np.where(rows == ADDED, -1, np.arange(len(rows))))
    return np.where(nth < 0, -1, rows[np.maximum(nth, 0)])


def _spelled(frame: pd.DataFrame, reading: _Reading, after: Lines) -> pd.DataFrame:
    """Spell all rows; what is empty is missing where the table has missing values, else ''."""
    spelled = to_frame(after, reading.words, reading.dialect).astype("object")
    spelled.columns = pd.Index(reading.columns)
    for column in reading.columns:
        if not frame[column].isna().any():
            spelled[column] = spelled[column].where(spelled[column].notna(), "")
    return spelled


def _truth(
    reading: _Reading,
    rows: int,
    seed: int,
    targets: tuple[Target, ...],
    strikes: Sequence[Strike],
) -> GroundTruth:
    days = reading.lines.minute // MINUTES_PER_DAY
    start, end = (EPOCH + timedelta(int(day)) for day in (days.min(), days.max()))
    return GroundTruth(rows, start, end, seed, {}, planted(targets, strikes))
