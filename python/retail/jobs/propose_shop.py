"""Propose a shop.yml for a source that has none yet."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from retail.ingest.columns import (
    AMOUNTS,
    MONEY,
    NEEDED,
    SETTING_NAMES,
    by_surety,
    field_of,
    find_columns,
    mention,
    normalise,
)
from retail.ingest.countries import code_of
from retail.ingest.errors import IngestError
from retail.ingest.mapping import is_currency, recognise
from retail.ingest.peek import Peek, peek
from retail.ingest.shop.settings import TAKEN
from retail.ingest.sources import GIVEN, Choice, find, place_of
from retail.jobs.proposed_rules import filled_down, order_key, rules_of_lines

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
IN_CENTS = re.compile(r"(?i)(?:^|[^a-z]|in)cents?(?:$|[^a-z])|pence|minor|centimes?")
FEWEST, MOST = 2, 40
"""Members of a column that is worth a breakdown."""
LARGEST = 0.95
"""Share of one member above which a breakdown is useless."""
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
    here = asked.relative_to(project) if asked.is_relative_to(project) else asked
    source_of = {"path": str(here)}
    with peek(find(project, Choice(GIVEN, asked)).files[0]) as seen:
        names = [column.name for column in seen.columns]
        preset = recognise(names)
        columns, questions = _columns(seen) if preset is None else ({}, [])
        settings: dict[str, object] = {
            "shop": _shop(seen, asked),
            "source": source_of | {"preset": preset} if preset else source_of,
        }
        if not preset:
            lines = {} if questions else rules_of_lines(seen, columns)
            settings |= {
                "columns": _written(_needed(columns, names))
                | ({} if questions else order_key(seen, columns)),
                "fill_down": None if questions else filled_down(seen, columns),
                "lines": lines,
                "dimensions": _dimensions(seen, [*columns.values(), *str(lines).split('"')]),
            }
        settings = {key: value for key, value in settings.items() if value}
        return Proposal(_text(settings, questions), tuple(questions), _preview(seen, columns))


def _needed(columns: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """The columns that are not found by their names alone, where the others are."""
    try:
        found = find_columns(names, "")
    except IngestError:
        return dict(columns)
    by_name = {SETTING_NAMES.get(field, field): names[at[0]] for field, at in found.items() if at}
    return {
        key: name
        for key, name in columns.items()
        if by_name.get(key) != name or (key in MONEY and IN_CENTS.search(name))
    }


def _written(columns: Mapping[str, str]) -> dict[str, object]:
    """Columns as shop.yml has them: of money in cents, the hundredth."""
    return {
        key: {"sql": f'"{name}" / 100'} if key in MONEY and IN_CENTS.search(name) else name
        for key, name in columns.items()
    }


def _columns(seen: Peek) -> tuple[dict[str, str], list[str]]:
    """A column for each field, and the questions that stay."""
    names = [column.name for column in seen.columns]
    chosen, questions = dict[str, str](), list[str]()
    for field, hints in HINTS.items():
        key = SETTING_NAMES.get(field, field)
        exact = by_surety(names, field)
        near = ([name for name in names if _hints(hint, name, field)] for hint in hints)
        free = [
            [name for name in found if name not in chosen.values() and _fits(seen, name, field)]
            for found in (exact, *near)
        ]
        fitting = next(filter(None, free), [])
        if field == "line_amount" and "unit_price" in chosen:
            continue
        if len(fitting) > 1 and field in AMOUNTS:
            questions.append(f"columns.{key}: {mention(fitting)} may each be it")
        elif fitting:
            chosen[key] = fitting[0]
        elif field in NEEDED and field != "unit_price":
            questions.append(f"columns.{key}: none of {mention(names)} is surely it")
    asked = {question.partition(":")[0] for question in questions}
    if not ({*MONEY} & chosen.keys() or {f"columns.{key}" for key in MONEY} & asked):
        questions.append("columns.unit_price or columns.line_amount: no column is surely it")
    return chosen, questions


def _hints(hint: str, name: str, field: str) -> bool:
    """Whether a part of a column's name speaks for a field; of people's names none is a product's.

    `Unnamed: 0` is what pandas calls a column that has no name.
    """
    known = normalise(name)
    others = {*HINTS["customer_id"], "unnamed"} if field == "description" else ()
    return hint in known and not any(other in known for other in others)


def _fits(seen: Peek, name: str, field: str) -> bool:
    """Whether the values of a column can be what a field holds."""
    column = next(column for column in seen.columns if column.name == name)
    return column.members > 0 and (column.is_number or field not in AMOUNTS)


def _dimensions(seen: Peek, used: Collection[str]) -> dict[str, str]:
    """Columns with few members, none of which has nearly all rows."""
    return {
        _key(column.name): column.name
        for column in seen.columns
        if column.name.strip()
        and column.name not in used
        and not (field_of(column.name) or is_currency(column.name) or column.is_number)
        and FEWEST <= column.members <= MOST
        and column.largest_share <= LARGEST
    }


def _key(name: str) -> str:
    plain = "".join(c if c.isalnum() and c.isascii() else "_" for c in name.lower()).strip("_")
    return f"shop_{plain}" if plain in TAKEN or not plain[:1].isalpha() else plain


def _shop(seen: Peek, asked: Path) -> dict[str, str]:
    """What the file says of the shop: its currency, where one is named; its country."""
    shop = {"name": asked.stem.replace("*", "").strip("_- ") or asked.parent.name}
    for column in seen.columns:
        if is_currency(column.name) and column.members == 1:
            shop["currency"] = column.frequent[0].upper()
        if field_of(column.name) == "country" and code_of(next(iter(column.frequent), "")):
            shop["home_country"] = column.frequent[0]
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
