"""Numbers as the public files spell them; one place for both dialects."""

from datetime import datetime, timedelta

from retail.simulate.config import Dialect
from retail.simulate.lines import MILLS, NO_CUSTOMER

COLUMNS: dict[Dialect, tuple[str, ...]] = {
    "retail": ("InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice",
               "CustomerID", "Country"),
    "retail2": ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price",
                "Customer ID", "Country"),
}  # fmt: skip
EPOCH = datetime(1970, 1, 1)


def price_text(mills: int) -> str:
    """Spell a price in thousandths of a pound: 2550 is `2.55`, 3000 is `3`."""
    sign = "-" if mills < 0 else ""
    pounds, rest = divmod(abs(mills), MILLS)
    return f"{sign}{pounds}.{rest:03d}".rstrip("0").rstrip(".")


def minute_text(minute: int, dialect: Dialect) -> str:
    """Spell a time: `12/1/2010 8:26` (month first) or `2010-12-01 08:26:00`."""
    at = EPOCH + timedelta(minutes=minute)
    if dialect == "retail2":
        return at.strftime("%Y-%m-%d %H:%M:%S")
    return f"{at.month}/{at.day}/{at.year} {at.hour}:{at.minute:02d}"


def customer_text(customer: int, dialect: Dialect) -> str:
    """Spell a customer number: `17850` or `17850.0`; empty for none."""
    if customer == NO_CUSTOMER:
        return ""
    return f"{customer}.0" if dialect == "retail2" else str(customer)
