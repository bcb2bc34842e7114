"""The settings of shop.yml, each with its default; pydantic checks them."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, field_validator, model_validator

from retail.ingest.dates import DAY_FIRST, MONTH_FIRST, DateOrder
from retail.ingest.forms.moments import SINCE_1904
from retail.ingest.shop.contracts import Contracts
from retail.ingest.shop.section import Settings

Preset = Literal[
    "uci", "shopify", "woocommerce", "woocommerce_orders", "square", "amazon", "amazon_shipments",
    "amazon_settlement", "etsy", "olist", "olist_customers", "superstore",
]  # fmt: skip
Duplicates = Literal["drop", "keep", "across_files"]
DROP: Duplicates = "drop"
ACROSS_FILES: Duplicates = "across_files"
NAME = r"^[a-z][a-z0-9_]*$"
"""What a dimension may be called: it becomes a column."""
TAKEN = frozenset(
    (
        "source_file", "source_row", "invoice_no", "line_type", "ordered_at", "order_date", "hour",
        "customer_id", "country", "market", "product", "description", "customer_type", "order_size",
        "order_number", "is_first_order", "quantity", "unit_price", "amount", "gross_revenue",
        "returned_revenue", "net_revenue", "units", "line_hash", "period_start", "source_checksum",
    )
)  # fmt: skip
"""Columns that every shop's order lines and segments have: no dimension may be called so."""
VARIABLE, QUERY = r"^env [A-Za-z_][A-Za-z0-9_]*$", r"\.sql$"


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _from_short_form(value: object) -> object:
    """A name, or several to be joined, stand for a mapping with `from`."""
    return {"from": value} if isinstance(value, str | list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_list)]
"""One name, or a list of them."""


class ShopIdentity(Settings):
    """Whose figures these are."""

    name: str | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    """ISO 4217."""
    home_country: str | None = None
    timezone: str | None = None
    """Of the shop; moments with another zone are converted to it."""
    holidays: str | None = None
    """A country of the `holidays` package, whose public holidays are closures."""

    @field_validator("timezone")
    @classmethod
    def _is_a_zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise ValueError("a zone such as Europe/London") from error
        return value

    @field_validator("holidays")
    @classmethod
    def _has_a_calendar(cls, value: str | None) -> str | None:
        if value is not None:
            # Imported late: hardly any shop names another country's.
            from holidays import list_supported_countries

            if value not in list_supported_countries():
                raise ValueError("a country of the holidays package by its ISO code, such as US")
        return value


class Source(Settings):
    """Where the data are, and in what form."""

    path: str | None = None
    """A file, folder or pattern, or a table as RETAIL_SOURCE names it."""
    duckdb: str | None = None
    sqlite: str | None = None
    """The file of a database, of which `name` or `query` says what is read."""
    postgres: Annotated[str, Field(pattern=VARIABLE)] | None = None
    """`env` and the environment variable that has the address of the server."""
    name: str | None = None
    """A table, with its schema or without."""
    query: Annotated[str, Field(pattern=QUERY)] | None = None
    """A file of SQL, whose rows are order lines."""
    ref: str | None = None
    preset: Preset | None = None
    encoding: str | None = None
    """Of delimited text that is not all UTF-8, where its header does not tell."""

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, value: str | None) -> str | None:
        try:
            "".encode(value or "utf-8")  # refuses codecs of no text, such as rot13
            return value and codecs.lookup(value).name
        except LookupError as error:
            raise ValueError("an encoding such as cp1250 or cp932") from error

    @field_validator("ref")
    @classmethod
    def _is_a_table_of_a_database(cls, value: str | None) -> str | None:
        raise ValueError(
            "nothing: this project can't wait for a model; name the table that another project "
            "builds it into, as {duckdb: FILE, name: SCHEMA.MODEL}"
        )

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        places = [self.path, *self._databases.values()]
        if len([*filter(None, places)]) > 1:
            raise ValueError("one of path, duckdb, sqlite and postgres")
        is_database = any(self._databases.values())
        if bool(self.name) + bool(self.query) != is_database:
            raise ValueError(
                "of duckdb, sqlite and postgres either a table by its name, or a query"
                if is_database
                else "a name or a query of a database: duckdb, sqlite or postgres"
            )
        return self

    @property
    def _databases(self) -> dict[str, str | None]:
        server = self.postgres and self.postgres.removeprefix("env ")
        return {"duckdb": self.duckdb, "sqlite": self.sqlite, "postgres": server}

    @property
    def asked(self) -> str | None:
        """The source as RETAIL_SOURCE names it."""
        named = ((kind, place) for kind, place in self._databases.items() if place)
        return next((f"{kind}:{at}#{self.name or self.query}" for kind, at in named), self.path)


class Column(Settings):
    """How a field of an order line is found and read."""

    names: Names = Field(default=(), alias="from")
    """Columns of the file: one, or several to be joined."""
    format: str | None = None
    """As of `strptime`; without a time in it, one may follow. Or `SINCE_1904`."""
    decimal: Literal[".", ","] | None = None
    sql: str | None = None
    """An expression over the columns of one row, in place of a name."""
    pseudonym: bool = False
    """Replace each value by a hash of it."""

    @field_validator("format")
    @classmethod
    def _has_a_day(cls, value: str | None) -> str | None:
        parts = ("%d", "%j"), ("%m", "%b", "%B", "%j"), ("%Y", "%y")
        written = value or "%s"
        is_whole = "%s" in written or all(any(p in written for p in part) for part in parts)
        if written != SINCE_1904 and not is_whole:
            raise ValueError(
                "a format of strptime with a day, a month and a year, such as %d/%m/%Y or "
                f"%m/%d/%Y, or {SINCE_1904}"
            )
        return value

    @model_validator(mode="after")
    def _names_or_sql(self) -> Self:
        if self.names and self.sql:
            raise ValueError("either from or sql")
        return self

    @property
    def is_found_by_name(self) -> bool:
        """Whether the column is looked for by its usual names."""
        return not self.names and not self.sql


AnyColumn = Annotated[Column, BeforeValidator(_from_short_form)]


class Columns(Settings):
    """The fields of an order line, as far as they are not found by their usual names."""

    order_id: AnyColumn = Column()
    product: AnyColumn = Column()
    description: AnyColumn = Column()
    quantity: AnyColumn = Column()
    ordered_at: AnyColumn = Column()
    unit_price: AnyColumn = Column()
    customer_id: AnyColumn = Column()
    country: AnyColumn = Column()
    line_amount: AnyColumn = Column()
    """Money of the whole line, where the file has no price of a piece."""

    def items(self) -> list[tuple[str, Column]]:
        """Every field, by its name in shop.yml."""
        return [(name, getattr(self, name)) for name in type(self).model_fields]

    def is_usual(self, name: str, preset: Columns) -> bool:
        """Whether a field is found by its name, or as a preset says, and not as somebody set it."""
        column: Column = getattr(self, name)
        return column.is_found_by_name or column == getattr(preset, name)


class Join(Settings):
    """A file with one row per key, whose columns are added to the order lines."""

    path: str
    on: str | dict[str, str]
    """A column of both, or the order lines' column by the file's."""
    skip_rows: Annotated[int, Field(ge=0)] = 0
    """Lines above its header."""

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """Columns of the order lines, each with the joined file's."""
        return ((self.on, self.on),) if isinstance(self.on, str) else tuple(self.on.items())


class FillDown(Settings):
    """Columns that are filled on the first line of an order only."""

    by: str
    columns: Names
    """With `by` itself among them, where the first line alone has the number of the order."""


class Lines(Settings):
    """Which lines count, and as what."""

    returned: str | None = Field(default=None, alias="return")
    """An expression that tells returns; without it, quantity times price below zero does."""
    ignore: str | None = None
    """An expression that tells the rows that are no order lines."""
    service: Names = ()
    """Stock codes of what is no merchandise; `*` stands for any end."""
    duplicates: Duplicates | None = None

    @property
    def rules(self) -> dict[str, str]:
        """The expressions that are set, by their names in shop.yml."""
        named = {"lines.return": self.returned, "lines.ignore": self.ignore}
        return {name: rule for name, rule in named.items() if rule}


class Returns(Settings):
    """Refunds that are documents of their own: a file of which every line is a return."""

    path: str
    columns: Columns = Columns()
    join: tuple[Join, ...] = ()
    ignore: str | None = None
    """An expression that tells the rows that are no refunds."""


class Dimension(Settings):
    """A column that figures are broken down by."""

    names: Names = Field(default=(), alias="from")
    sql: str | None = None
    parent: str | None = None
    """The dimension that groups its members."""

    @model_validator(mode="after")
    def _names_or_sql(self) -> Self:
        if bool(self.names) == bool(self.sql):
            raise ValueError("either from or sql")
        return self


class Shop(Settings):
    """What shop.yml says; every setting may be left out."""

    shop: ShopIdentity = ShopIdentity()
    source: Source = Source()
    columns: Columns = Columns()
    join: tuple[Join, ...] = ()
    fill_down: FillDown | None = None
    lines: Lines = Lines()
    returns: Returns | None = None
    dimensions: dict[
        Annotated[str, Field(pattern=NAME)],
        Annotated[Dimension, BeforeValidator(_from_short_form)],
    ] = Field(default_factory=dict)
    contracts: Contracts = Contracts()

    @field_validator("dimensions")
    @classmethod
    def _have_names_of_their_own(cls, value: dict[str, Dimension]) -> dict[str, Dimension]:
        if taken := sorted(TAKEN & value.keys()):
            raise ValueError(
                f"names other than {', '.join(taken)}, which every order line has, such as "
                f"shop_{taken[0]}"
            )
        return value

    @property
    def date_order(self) -> DateOrder | None:
        """The order of day and month that `columns.ordered_at.format` gives."""
        written = self.columns.ordered_at.format
        if not written or "%d" not in written or "%m" not in written:
            return None
        return DAY_FIRST if written.index("%d") < written.index("%m") else MONTH_FIRST

    @property
    def expressions(self) -> list[str]:
        """The settings that are expressions."""
        given = {
            "lines.return": self.lines.returned,
            "lines.ignore": self.lines.ignore,
            "returns.ignore": self.returns and self.returns.ignore,
            **{f"columns.{name}.sql": one.sql for name, one in self.columns.items()},
            **{f"dimensions.{name}.sql": one.sql for name, one in self.dimensions.items()},
        }
        return [setting for setting, sql in given.items() if sql]

    @property
    def maps_columns(self) -> bool:
        """Whether order lines are made of more than a file's own columns by their usual names."""
        given = any(one != Column() for _, one in self.columns.items())
        lines = self.lines.returned or self.lines.ignore or self.lines.service
        parts = (self.join, self.fill_down, lines, self.dimensions, self.shop.timezone)
        return given or any(parts)

    @property
    def of_returns(self) -> Shop | None:
        """The settings by which the file of returns is read; None where there is none."""
        if self.returns is None:
            return None
        return Shop(
            shop=self.shop,
            columns=self.returns.columns,
            join=self.returns.join,
            lines=Lines.model_validate({"return": "true", "ignore": self.returns.ignore}),
            dimensions=self.dimensions,
        )

    def over(self, preset: Shop) -> Shop:
        """The settings of a preset, with these in the place of whatever is said here."""
        return Shop.model_validate(
            _merge(preset.model_dump(exclude_unset=True), self.model_dump(exclude_unset=True))
        )


def _merge(under: dict[str, object], over: dict[str, object]) -> dict[str, object]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        is_column = isinstance(value, dict) and ("names" in value or "sql" in value)
        if isinstance(below, dict) and isinstance(value, dict) and not is_column:
            merged[key] = _merge(below, value)
        else:
            merged[key] = value
    return merged
