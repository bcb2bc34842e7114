"""Propose a shop.yml for files that nobody has described yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from retail.ingest.columns import NEEDED, SETTING_NAMES, field_of, mention, normalise
from retail.ingest.countries import code_of
from retail.ingest.mapping import is_currency, recognise
from retail.ingest.peek import Peek, peek
from retail.ingest.sources import GIVEN, Choice, find, place_of

HINTS: Mapping[str, tuple[str, ...]] = {
    "invoice_no": ("order", "invoice", "receipt", "transaction", "bill"),
    "stock_code": ("sku", "product", "item", "article", "stock"),
    "description": ("name", "title", "description"),
    "quantity": ("quantity", "qty", "units", "pieces"),
    "invoice_date": ("date", "time", "created", "ordered"),
    "unit_price": ("unitprice", "price"),
    "line_amount": ("amount", "total", "sales", "revenue", "subtotal"),
    "customer_id": ("customer", "client", "buyer", "email", "user"),
    "country": ("country", "nation"),
}
"""By field: parts of a column's name that speak for it, the surest first."""
FEWEST, MOST = 2, 40
"""Members of a column that is worth a breakdown."""
LARGEST = 0.95
"""Share of one member above which a breakdown tells nothing."""
_SHOWN_COLUMNS = 8


@dataclass(frozen=True)
class Proposal:
    """The text of a shop.yml, what it leaves open, and rows as they will be read."""

    text: str
    open_questions: tuple[str, ...]
    preview: tuple[str, ...]


def propose(project: Path, source: str) -> Proposal:
    """Look at the first file of a source, and propose how to read it.

    Args:
        project: root of the dbt project.
        source: as RETAIL_SOURCE names it, seen from the working folder; in the text it is seen from
            the project, or absolute where it lies elsewhere.

    Raises:
        IngestError: there is nothing to read.
    """
    asked = place_of(source, Path.cwd())
    seen = peek(find(project, Choice(GIVEN, asked)).files[0])
    preset = recognise([column.name for column in seen.columns])
    columns, questions = _columns(seen) if preset is None else ({}, [])
    here = asked.relative_to(project) if asked.is_relative_to(project) else asked
    settings: dict[str, object] = {"shop": _shop(seen, asked), "source": {"path": str(here)}}
    if preset:
        settings["source"] = {"path": str(here), "preset": preset}
    if columns:
        settings["columns"] = columns
    dimensions = {} if preset else _dimensions(seen, columns)
    if dimensions:
        settings["dimensions"] = dimensions
    return Proposal(_text(settings, questions), tuple(questions), _preview(seen, columns))


def _columns(seen: Peek) -> tuple[dict[str, str], list[str]]:
    """A column for each field, and the questions that stay."""
    names = [column.name for column in seen.columns]
    chosen, questions = dict[str, str](), list[str]()
    for field, hints in HINTS.items():
        key = SETTING_NAMES.get(field, field)
        exact = [name for name in names if field_of(name) == field]
        near = [name for hint in hints for name in names if hint in normalise(name)]
        fitting = [n for n in exact or near if n not in chosen.values() and _fits(seen, n, field)]
        if fitting and not (field == "line_amount" and "unit_price" in chosen):
            chosen[key] = fitting[0]
        elif field in NEEDED and field != "unit_price":
            questions.append(f"columns.{key}: none of {mention(names)} is surely it")
    if "unit_price" not in chosen and "line_amount" not in chosen:
        questions.append("columns.unit_price or columns.line_amount: no column is surely it")
    return chosen, questions


def _fits(seen: Peek, name: str, field: str) -> bool:
    """Whether the values of a column can be what a field holds."""
    numeric = {column.name for column in seen.columns if column.is_number}
    return name in numeric or field not in ("quantity", "unit_price", "line_amount")


def _dimensions(seen: Peek, columns: Mapping[str, str]) -> dict[str, str]:
    """Columns with few members, none of which has nearly all rows."""
    return {
        _key(column.name): column.name
        for column in seen.columns
        if column.name not in columns.values()
        and not (field_of(column.name) or is_currency(column.name) or column.is_number)
        and FEWEST <= column.members <= MOST
        and column.largest_share <= LARGEST
    }


def _key(name: str) -> str:
    plain = "".join(c if c.isalnum() and c.isascii() else "_" for c in name.lower()).strip("_")
    return plain if plain[:1].isalpha() else f"d_{plain}"


def _shop(seen: Peek, asked: Path) -> dict[str, str]:
    """What the file says of the shop: its currency, where one is named; its country."""
    shop = {"name": asked.stem.replace("*", "").strip("_- ") or asked.parent.name}
    for column in seen.columns:
        if is_currency(column.name) and column.members == 1:
            shop["currency"] = column.most_frequent.upper()
        if field_of(column.name) == "country" and code_of(column.most_frequent):
            shop["home_country"] = column.most_frequent
    return shop


def _text(settings: Mapping[str, object], questions: Sequence[str]) -> str:
    written = str(yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True, width=110))
    head = "# Whose data these are and how to read them; docs/your-data.md has every setting.\n"
    return head + written + "".join(f"# To be decided: {question}\n" for question in questions)


def _preview(seen: Peek, columns: Mapping[str, str]) -> tuple[str, ...]:
    shown = columns or {column.name: column.name for column in seen.columns[:_SHOWN_COLUMNS]}
    return tuple(
        "; ".join(f"{key} = {row.get(name) or ''}" for key, name in shown.items())
        for row in seen.rows
    )
