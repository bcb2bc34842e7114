"""What to simulate: one frozen record, checked when it is made."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from retail.errors import RetailError
from retail.simulate.incidents.spec import Incident

Dialect = Literal["retail", "retail2"]
DIALECTS: tuple[Dialect, ...] = ("retail", "retail2")

PUBLIC_START = date(2010, 12, 1)
PUBLIC_DAYS = 374
PUBLIC_ORDERS_PER_DAY = 65.0
MOST_DAYS = 7_400
MOST_PRODUCTS = 20_000


@dataclass(frozen=True, slots=True)
class ShopConfig:
    """A shop and a stretch of its life; the defaults give one like the public data set.

    Attributes:
        start: first calendar day.
        days: calendar days, closed ones included.
        seed: same seed and same other values, same bytes.
        lines: scale the shop until it sells about this many rows in all; overrides
            `orders_per_day`.
        orders_per_day: sales invoices on a mean trading day of the first year.
        customers: identified customers the shop has at the start; None: in step with the orders.
        products: products on sale at the start; None: 3,400, fewer for a small shop.
        guest_share: share of sales invoices without a customer.
        annual_growth: yearly rise of the orders, 0.1 for ten per cent.
        level_noise: standard deviation of the slowly moving log level (days in a row are alike).
        day_noise: standard deviation of the log level from one day to the next.
        messy: False leaves out duplicates, zero prices, stock corrections, bad debt, lower-case
            codes, stray blanks, second descriptions and the country `Unspecified`. Returns,
            guests and service lines are trade, and stay.
        dialect: `retail` for the column names and dates of Online Retail, `retail2` for those
            of Online Retail II.
        incidents: what to plant.
    """

    start: date = PUBLIC_START
    days: int = PUBLIC_DAYS
    seed: int = 1
    lines: int | None = None
    orders_per_day: float = PUBLIC_ORDERS_PER_DAY
    customers: int | None = None
    products: int | None = None
    guest_share: float = 0.07
    annual_growth: float = 0.0
    level_noise: float = 0.10
    day_noise: float = 0.13
    messy: bool = True
    dialect: Dialect = "retail"
    incidents: tuple[Incident, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated.

        Raises:
            RetailError: naming the first value that is out of range.
        """
        for name, fine, wanted in _checks(self):
            if not fine:
                raise RetailError(f"{name} = {getattr(self, name)!r}: it must be {wanted}")

    @property
    def end(self) -> date:
        """Last calendar day."""
        return self.start + timedelta(self.days - 1)


def _checks(config: ShopConfig) -> tuple[tuple[str, bool, str], ...]:
    rows, people, products = config.lines, config.customers, config.products
    return (
        ("days", 1 <= config.days <= MOST_DAYS, f"from 1 to {MOST_DAYS}"),
        ("start", 1970 <= config.start.year <= 2150, "between 1970 and 2150"),
        ("seed", config.seed >= 0, "0 or more"),
        ("lines", rows is None or rows > 0, "1 or more"),
        ("orders_per_day", config.orders_per_day > 0, "above 0"),
        ("customers", people is None or people > 0, "1 or more"),
        ("products", products is None or 10 <= products <= MOST_PRODUCTS, "10 to 20,000"),
        ("guest_share", 0 <= config.guest_share < 1, "at least 0 and below 1"),
        ("annual_growth", -0.9 <= config.annual_growth <= 9, "between -0.9 and 9"),
        ("level_noise", 0 <= config.level_noise <= 2, "between 0 and 2"),
        ("day_noise", 0 <= config.day_noise <= 2, "between 0 and 2"),
        ("dialect", config.dialect in DIALECTS, f"one of {', '.join(DIALECTS)}"),
    )
