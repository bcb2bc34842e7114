"""A second, independent implementation of the KPI dictionary, for tests to compare with.

Written in pandas straight from the definitions, for obviousness rather than speed, and sharing no
code with the SQL models: two implementations that agree are far less likely to share a mistake.

Money is held in integers of 1/100,000,000 (prices keep up to eight decimals), so that sums are
exact; a float appears only where a ratio is taken or a value is handed out.

Choices where the dictionary is silent:
    * duplicates are compared as they were understood (`6` is `6.0`), and as trimmed text where they
      were not; the first copy stays;
    * the surplus copies of a malformed row are duplicates, the first one is malformed;
    * a quantity must be a whole number ("6" and "6.0" are, "2.5" is malformed);
    * a blank country is read as "Unspecified";
    * a sale invoice is one with at least one `sale` line, and its time is that of the first such;
    * a return of an identified customer is never `new`, as its invoice is not a sale invoice;
    * ties among the top 10 products of a period are broken by stock code;
    * every day or week from the first to the last accepted line is a period, and every country of
      an accepted line has a series.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TypeVar

import pandas as pd

T = TypeVar("T")

COLUMNS = (
    "invoice_no",
    "stock_code",
    "description",
    "quantity",
    "invoice_date",
    "unit_price",
    "customer_id",
    "country",
)
HEADERS = {
    "InvoiceNo": "invoice_no",
    "Invoice": "invoice_no",
    "StockCode": "stock_code",
    "Description": "description",
    "Quantity": "quantity",
    "InvoiceDate": "invoice_date",
    "UnitPrice": "unit_price",
    "Price": "unit_price",
    "CustomerID": "customer_id",
    "Customer ID": "customer_id",
    "Country": "country",
}
DATE_FORMATS = (
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%dT%H:%M:%S",
    "%Y-%m-%dT%H:%M",
)
UNITS_PER_POUND = 100_000_000
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+(\.0+)?")
PLAIN_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")

SERVICE_CODES = frozenset(
    {"POST", "DOT", "C2", "C3", "M", "D", "S", "B", "BANK CHARGES", "AMAZONFEE", "CRUK"}
)
SERVICE_PREFIXES = ("ADJUST", "GIFT", "TEST")

NOTHING = frozenset(
    {"NULL", "Null", "null", "NA", "na", "N/A", "n/a", "#N/A", "#n/a", "NAN", "NaN", "Nan", "nan"}
    | {"NONE", "None", "none", "\\N", "-", "(BLANK)", "(Blank)", "(blank)"}
)

GRAINS = ("daily", "weekly")
TOP_PRODUCTS = 10
EARLY_STOP = pd.Timedelta(minutes=30)
EARLY_STOP_DAYS = 60

MONEY = frozenset(
    {
        "gross_revenue",
        "returned_revenue",
        "net_revenue",
        "identified_revenue",
        "international_revenue",
        "top_product_revenue",
    }
)
# kpi -> (numerator, denominator); no denominator means a sum or a count.
RATIOS_AND_SUMS: dict[str, tuple[str, str | None]] = {
    "total_revenue": ("net_revenue", None),
    "revenue_per_order": ("net_revenue", "orders"),
    "revenue_per_customer": ("identified_revenue", "active_customers"),
    "order_count": ("orders", None),
    "items_per_order": ("units", "orders"),
    "units_sold": ("units", None),
    "active_customers": ("active_customers", None),
    "repeat_rate": ("repeat_customers", "active_customers"),
    "new_customers": ("new_customers", None),
    "product_concentration": ("top_product_revenue", "gross_revenue"),
    "average_price": ("gross_revenue", "units"),
    "return_rate": ("returned_revenue", "gross_revenue"),
    "international_revenue": ("international_revenue", None),
    "international_share": ("international_revenue", "net_revenue"),
}
KPIS = (*RATIOS_AND_SUMS, "revenue_by_country")


# Reading


def source_files(source: str | Path) -> list[Path]:
    """Lists the CSV files that a path, a folder or a glob stands for, in order of name.

    Raises:
        FileNotFoundError: When it stands for none.
    """
    path = Path(source)
    if path.is_dir():
        files = [file for file in path.iterdir() if file.suffix.lower() == ".csv"]
    elif path.exists():
        files = [path]
    else:
        files = list(Path(path.anchor or ".").glob(str(path.relative_to(path.anchor))))
    if not files:
        raise FileNotFoundError(f"{source}: no CSV file there; give a file, a folder or a glob")
    return sorted(files)


def read(source: str | Path) -> pd.DataFrame:
    """Reads the raw order lines of a CSV, a folder of CSVs or a glob, all as text.

    Returns:
        The frame of `parse`, with `source_file` and `source_row` (as a spreadsheet counts) added.
    """
    frames = []
    for file in source_files(source):
        frame = parse(decode(file.read_bytes()))
        frame["source_file"] = file.name
        frame["source_row"] = range(2, len(frame) + 2)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def decode(content: bytes) -> str:
    """Decodes UTF-8, with or without a byte-order mark, else ISO-8859-1."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("iso-8859-1")


def parse(text: str) -> pd.DataFrame:
    """Parses one CSV text with either spelling of the header.

    Returns:
        One row per record: the eight `COLUMNS` as text, exactly as in the file, and `parse_error`:
        empty, or the record itself when it has too many or too few fields (the eight are then
        empty). Blank lines are no records.

    Raises:
        ValueError: When one of the eight columns is not in the header.
    """
    header, *records = csv.reader(io.StringIO(text, newline=""))
    names = [HEADERS.get(name.strip(), name.strip()) for name in header]
    missing = [name for name in COLUMNS if name not in names]
    if missing:
        raise ValueError(f"the header {header} lacks {', '.join(missing)}")
    places = [names.index(name) for name in COLUMNS]
    rows = [parse_record(record, places, len(names)) for record in records if record]
    return pd.DataFrame(rows, columns=[*COLUMNS, "parse_error"], dtype=object)


def parse_record(record: Sequence[str], places: Sequence[int], width: int) -> list[str]:
    """Puts the fields of one record in the order of `COLUMNS`, its parse error last."""
    if len(record) != width:
        return [""] * len(COLUMNS) + [",".join(record)]
    return [record[place] for place in places] + [""]


def whole_number(text: str) -> int | None:
    """Reads a quantity; None when it is not a whole number."""
    text = text.strip()
    return int(text.split(".")[0]) if WHOLE_NUMBER.fullmatch(text) else None


def money(text: str) -> int | None:
    """Reads a price in 1/100,000,000, rounding half up beyond; None when it is not a number."""
    text = text.strip()
    if not PLAIN_NUMBER.fullmatch(text):
        return None
    return int((Decimal(text) * UNITS_PER_POUND).quantize(Decimal(1), ROUND_HALF_UP))


def moment(text: str) -> datetime | None:
    """Reads a date in any of `DATE_FORMATS`; None when none fits."""
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text.strip(), form)
        except ValueError:
            continue
    return None


def each(read_text: Callable[[str], T], texts: pd.Series) -> list[T]:
    """Reads every text of a column, looking at each distinct one only once."""
    known = {text: read_text(text) for text in texts.unique()}
    return [known[text] for text in texts]


def total_amount(rows: pd.DataFrame) -> Decimal:
    """Sums quantity x price over rows of text, exactly, in pounds.

    Rows whose quantity or price cannot be read have no amount.
    """
    quantities = each(whole_number, rows["quantity"].fillna(""))
    prices = each(money, rows["unit_price"].fillna(""))
    pairs = zip(quantities, prices, strict=True)
    return pounds(sum(q * p for q, p in pairs if q is not None and p is not None))


def pounds(amount: int) -> Decimal:
    """Converts 1/100,000,000 pounds to pounds, exactly."""
    return Decimal(int(amount)) / UNITS_PER_POUND


# Cleaning


def clean(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sorts every raw row into the order lines or the rejected rows.

    Args:
        raw: The eight `COLUMNS` as text, and `parse_error` if there is any.

    Returns:
        The order lines: the trimmed `COLUMNS` (`quantity` a number, `customer_id` None for a
        guest), `ordered_at`, `price` and `amount` in 1/100,000,000 pounds, `line_type`,
        `market`, `order_number`, `first_line_at` and `customer_type`; and the rejected rows: the
        columns of `raw` as they were, and `reason`.

    Raises:
        ArithmeticError: When a number or amount is too large to be held exactly in 64 bits.
    """
    texts = with_readings(trimmed(raw))
    reasons = reject_reasons(texts)
    rejected = reasons != ""
    rejects = raw[rejected].assign(reason=reasons[rejected]).reset_index(drop=True)
    return with_customer_type(typed(texts[~rejected])), rejects


def trimmed(raw: pd.DataFrame) -> pd.DataFrame:
    """Trims every text field and upper-cases the stock code and the invoice number."""
    texts = raw.copy()
    for name in COLUMNS:
        texts[name] = texts[name].fillna("").astype(object).map(str.strip).map(known)
    for name in ("invoice_no", "stock_code"):
        texts[name] = texts[name].map(str.upper)
    if "parse_error" not in texts:
        texts["parse_error"] = ""
    return texts


def known(text: str) -> str:
    """Gives the text, or nothing where it is a word for nothing."""
    return "" if text in NOTHING else text


def with_readings(texts: pd.DataFrame) -> pd.DataFrame:
    """Adds what was read of each row's text: `ordered_at`, `count` and `price`, None if nothing."""
    return texts.assign(
        ordered_at=pd.Series(each(moment, texts["invoice_date"]), texts.index, dtype=object),
        count=pd.Series(each(whole_number, texts["quantity"]), texts.index, dtype=object),
        price=pd.Series(each(money, texts["unit_price"]), texts.index, dtype=object),
    )


def as_understood(texts: pd.DataFrame) -> pd.DataFrame:
    """Gives each row what makes it the same as another: what was read, else the trimmed text."""
    return pd.DataFrame(
        {
            **{name: texts[name] for name in ("invoice_no", "stock_code", "description")},
            "quantity": texts["count"].where(texts["count"].notna(), texts["quantity"]),
            "date": texts["ordered_at"].where(texts["ordered_at"].notna(), texts["invoice_date"]),
            "price": texts["price"].where(texts["price"].notna(), texts["unit_price"]),
            "customer_id": each(customer, texts["customer_id"]),
            "country": texts["country"],
            "parse_error": texts["parse_error"],
        }
    )


def reject_reasons(texts: pd.DataFrame) -> pd.Series:
    """Says of every trimmed row why it is rejected: `duplicate`, `malformed`, or empty if not."""
    duplicate = as_understood(texts).duplicated(keep="first")
    malformed = (
        (texts["parse_error"] != "")
        | texts["ordered_at"].isna()
        | texts["count"].isna()
        | texts["price"].isna()
        | (texts["invoice_no"] == "")
        | (texts["stock_code"] == "")
    )
    reasons = pd.Series("", index=texts.index)
    reasons[malformed] = "malformed"
    reasons[duplicate] = "duplicate"
    return reasons


def typed(accepted: pd.DataFrame) -> pd.DataFrame:
    """Gives the accepted rows' columns their types, and adds amount, line type and market."""
    lines = accepted.drop(columns=["parse_error", "count"]).reset_index(drop=True)
    quantities, prices = list(accepted["count"]), list(accepted["price"])
    amounts = [quantity * price for quantity, price in zip(quantities, prices, strict=True)]
    keys = zip(lines["invoice_no"], lines["stock_code"], quantities, prices, strict=True)
    countries = lines["country"].replace("", "Unspecified")
    return lines.assign(
        quantity=pd.Series(quantities, dtype="int64"),
        price=pd.Series(prices, dtype="int64"),
        amount=pd.Series(amounts, dtype="int64"),
        ordered_at=lines["ordered_at"].astype("datetime64[us]"),
        customer_id=pd.Series(each(customer, lines["customer_id"]), dtype=object),
        country=countries,
        line_type=pd.Series([line_type(*key) for key in keys], dtype=object),
        market=pd.Series(each(market, countries), dtype=object),
    )


def customer(text: str) -> str | None:
    """Reads a customer id: "17850" and "17850.0" are the same, empty is a guest."""
    return re.sub(r"\.0+$", "", text) or None


def line_type(invoice_no: str, stock_code: str, quantity: int, price: int) -> str:
    """Names the type of a line by the first rule that fits."""
    if stock_code in SERVICE_CODES or stock_code.startswith(SERVICE_PREFIXES):
        return "service"
    is_bad_debt = re.fullmatch("A[0-9]+", invoice_no)
    is_odd_credit = re.fullmatch("C[0-9]+", invoice_no) and quantity > 0
    if is_bad_debt or is_odd_credit or quantity == 0 or price == 0 or quantity < 0 > price:
        return "adjustment"
    return "return" if quantity * price < 0 else "sale"


def market(country: str) -> str:
    """Names the market of a country."""
    return {"United Kingdom": "domestic", "Unspecified": "unknown"}.get(country, "international")


def customer_orders(lines: pd.DataFrame) -> pd.DataFrame:
    """Numbers every identified customer's sale invoices by first line time, then invoice number.

    Returns:
        One row per order: `customer_id`, `invoice_no`, `first_line_at`, `order_number` from 1.
    """
    sales = lines[(lines["line_type"] == "sale") & lines["customer_id"].notna()]
    orders = sales.groupby(["customer_id", "invoice_no"], as_index=False)["ordered_at"].min()
    orders = orders.rename(columns={"ordered_at": "first_line_at"})
    orders = orders.sort_values(["customer_id", "first_line_at", "invoice_no"])
    return orders.assign(order_number=orders.groupby("customer_id").cumcount() + 1)


def with_customer_type(lines: pd.DataFrame) -> pd.DataFrame:
    """Adds `first_line_at` and `order_number` of the line's order, and `customer_type`."""
    orders = customer_orders(lines)
    lines = lines.merge(orders, how="left", on=["customer_id", "invoice_no"], validate="m:1")
    types = pd.Series("returning", index=lines.index)
    types[lines["order_number"] == 1] = "new"
    types[lines["customer_id"].isna()] = "guest"
    return lines.assign(customer_type=types)


# Periods


def period_of(times: pd.Series, grain: str) -> pd.Series:
    """Gives the first day of the period of every time: the day, or its week's Monday.

    Raises:
        ValueError: When the grain is neither `daily` nor `weekly`.
    """
    if grain not in GRAINS:
        raise ValueError(f"no grain {grain!r}; there are {GRAINS}")
    days = times.dt.normalize()
    return days if grain == "daily" else days - pd.to_timedelta(days.dt.day_of_week, unit="D")


def periods(lines: pd.DataFrame, grain: str) -> pd.DatetimeIndex:
    """Lists every period from the first to the last accepted line, closed ones too."""
    starts = period_of(lines["ordered_at"], grain)
    if starts.empty:
        return pd.DatetimeIndex([])
    return pd.date_range(starts.min(), starts.max(), freq="D" if grain == "daily" else "7D")


def last_complete_day(lines: pd.DataFrame) -> pd.Timestamp:
    """Finds the last day, or the day before it when the last day stops early.

    It stops early when its last line is over 30 minutes earlier than that of any of the (up to) 60
    trading days before it.
    """
    days = lines["ordered_at"].dt.normalize()
    closing = (lines["ordered_at"] - days).groupby(days).max()
    trading = sorted(days[lines["line_type"] == "sale"].unique())
    last = days.max()
    before = [day for day in trading if day < last][-EARLY_STOP_DAYS:]
    if before and closing[last] < closing[before].min() - EARLY_STOP:
        return last - pd.Timedelta(days=1)
    return last


def completeness(lines: pd.DataFrame, grain: str) -> pd.Series:
    """Says of every period whether the data covers all of it.

    Returns:
        `is_complete`, indexed by `period_start`.
    """
    starts = periods(lines, grain)
    if starts.empty:
        return pd.Series([], index=starts, dtype=bool)
    first = lines["ordered_at"].min().normalize()
    last = last_complete_day(lines)
    ends = starts + pd.Timedelta(days=0 if grain == "daily" else 6)
    return pd.Series((starts >= first) & (ends <= last), index=starts)


# Measures and KPIs


def measures(lines: pd.DataFrame, grain: str) -> pd.DataFrame:
    """Computes the measures of every period.

    Returns:
        One row per period, one integer column per measure; those in `MONEY` in 1/100,000,000
        pounds.
    """
    lines = lines.assign(period=period_of(lines["ordered_at"], grain))
    traded = lines[lines["line_type"].isin(["sale", "return"])]
    sales = lines[lines["line_type"] == "sale"]
    returns = lines[lines["line_type"] == "return"]
    identified = traded[traded["customer_id"].notna()]
    abroad = traded[traded["market"] == "international"]
    repeated = sales[sales["order_number"] > 1]
    columns = {
        "gross_revenue": sales.groupby("period")["amount"].sum(),
        "returned_revenue": -returns.groupby("period")["amount"].sum(),
        "net_revenue": traded.groupby("period")["amount"].sum(),
        "identified_revenue": identified.groupby("period")["amount"].sum(),
        "international_revenue": abroad.groupby("period")["amount"].sum(),
        "top_product_revenue": top_product_revenue(sales),
        "units": sales.groupby("period")["quantity"].sum(),
        "orders": sales.groupby("period")["invoice_no"].nunique(),
        "active_customers": sales.groupby("period")["customer_id"].nunique(),
        "repeat_customers": repeated.groupby("period")["customer_id"].nunique(),
        "new_customers": new_customers(sales, grain),
    }
    every = periods(lines, grain)
    return pd.DataFrame({name: on(every, column) for name, column in columns.items()}, index=every)


def on(every: pd.DatetimeIndex, column: pd.Series) -> pd.Series:
    """Puts a measure on every period, 0 where there was nothing to add or count."""
    return column.reindex(every, fill_value=0).astype("int64")


def top_product_revenue(sales: pd.DataFrame) -> pd.Series:
    """Sums the gross revenue of each period's best-selling products."""
    products = sales.groupby(["period", "stock_code"], as_index=False)["amount"].sum()
    ranked = products.sort_values(["period", "amount", "stock_code"], ascending=[True, False, True])
    return ranked.groupby("period").head(TOP_PRODUCTS).groupby("period")["amount"].sum()


def new_customers(sales: pd.DataFrame, grain: str) -> pd.Series:
    """Counts the customers whose first sale invoice falls in each period."""
    first = sales[sales["order_number"] == 1]
    return first.groupby(period_of(first["first_line_at"], grain))["customer_id"].nunique()


def kpis(lines: pd.DataFrame, grain: str) -> pd.DataFrame:
    """Computes all 15 KPIs in every period.

    Args:
        lines: The order lines of `clean`.
        grain: `daily` or `weekly`.

    Returns:
        `kpi`, `segment`, `period_start`, `value` (float, NaN for a ratio to nothing), `numerator`
        and `denominator` (exact decimals; no denominator, None, for a sum or a count).
    """
    table = measures(lines, grain)
    rows = [
        row
        for kpi, (numerator, denominator) in RATIOS_AND_SUMS.items()
        for row in kpi_rows(kpi, table, numerator, denominator)
    ]
    rows += revenue_by_country(lines, grain)
    columns = ["kpi", "segment", "period_start", "value", "numerator", "denominator"]
    return pd.DataFrame(rows, columns=columns)


Row = tuple[str, str, pd.Timestamp, float, Decimal, Decimal | None]


def kpi_rows(
    kpi: str, table: pd.DataFrame, numerator: str, denominator: str | None
) -> Iterable[Row]:
    """Gives the rows of one KPI from its numerator and its denominator."""
    for period in table.index:
        top = exact(numerator, table.loc[period, numerator])
        if denominator is None:
            yield kpi, "all", period, float(top), top, None
        else:
            bottom = exact(denominator, table.loc[period, denominator])
            yield kpi, "all", period, ratio(top, bottom), top, bottom


def exact(measure: str, number: int) -> Decimal:
    """Gives a measure as a decimal, money in pounds."""
    return pounds(number) if measure in MONEY else Decimal(int(number))


def ratio(top: Decimal, bottom: Decimal) -> float:
    """Divides; NaN when there is nothing to divide by."""
    return float(top / bottom) if bottom else float("nan")


def revenue_by_country(lines: pd.DataFrame, grain: str) -> list[Row]:
    """Gives the net revenue of every country in every period."""
    rows: list[Row] = []
    traded = lines[lines["line_type"].isin(["sale", "return"])]
    traded = traded.assign(period=period_of(traded["ordered_at"], grain))
    revenue = traded.groupby(["country", "period"])["amount"].sum().to_dict()
    for country in sorted(lines["country"].unique()):
        for period in periods(lines, grain):
            net = pounds(revenue.get((country, period), 0))
            rows.append(("revenue_by_country", country, period, float(net), net, None))
    return rows
