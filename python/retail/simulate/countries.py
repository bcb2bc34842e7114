"""The 38 countries of the public file, with their weight in it.

Columns: customers, orders, lines per order and pieces per line (United Kingdom = 1). The figures
are rounded counts of the public data set; they say how many, never who or what.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Country:
    """One country's part of the shop; `basket` and `bulk` are relative to the United Kingdom."""

    name: str
    customers: int
    orders: int
    basket: float
    bulk: int


HOME = "United Kingdom"
UNKNOWN = "Unspecified"

COUNTRIES: tuple[Country, ...] = (
    Country("United Kingdom", 3912, 16560, 1.0, 1),
    Country("Germany", 94, 443, 0.9, 1),
    Country("France", 87, 379, 1.0, 1),
    Country("EIRE", 3, 255, 1.2, 3),
    Country("Spain", 30, 88, 1.3, 1),
    Country("Netherlands", 9, 93, 1.2, 8),
    Country("Belgium", 25, 98, 0.9, 1),
    Country("Switzerland", 21, 48, 1.8, 1),
    Country("Portugal", 19, 49, 1.4, 1),
    Country("Australia", 9, 56, 1.0, 7),
    Country("Norway", 10, 32, 1.6, 1),
    Country("Channel Islands", 9, 25, 1.4, 1),
    Country("Italy", 14, 35, 1.0, 1),
    Country("Finland", 12, 40, 0.8, 1),
    Country("Cyprus", 8, 14, 2.0, 1),
    Country("Unspecified", 4, 8, 1.5, 1),
    Country("Sweden", 8, 34, 0.6, 5),
    Country("Austria", 11, 17, 1.1, 1),
    Country("Denmark", 9, 18, 1.0, 2),
    Country("Poland", 6, 19, 0.8, 1),
    Country("Japan", 8, 19, 0.8, 6),
    Country("Israel", 3, 6, 1.7, 1),
    Country("Hong Kong", 1, 5, 2.0, 2),
    Country("Singapore", 1, 4, 2.5, 2),
    Country("Iceland", 1, 7, 1.2, 1),
    Country("USA", 4, 5, 1.7, 1),
    Country("Canada", 4, 5, 1.5, 1),
    Country("Greece", 4, 5, 1.4, 1),
    Country("Malta", 2, 5, 1.1, 1),
    Country("United Arab Emirates", 2, 2, 1.7, 1),
    Country("European Community", 1, 3, 1.0, 1),
    Country("RSA", 1, 1, 2.6, 1),
    Country("Lebanon", 1, 1, 2.1, 1),
    Country("Lithuania", 1, 4, 0.5, 2),
    Country("Brazil", 1, 1, 1.5, 1),
    Country("Czech Republic", 1, 2, 0.6, 1),
    Country("Bahrain", 2, 2, 0.5, 2),
    Country("Saudi Arabia", 1, 1, 0.5, 1),
)
NAMES = tuple(country.name for country in COUNTRIES)
