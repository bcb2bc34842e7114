"""The insights tables as a dbt source: the YAML that `dbt docs` and analyses know them by."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from retail.schema.reflection import Column, Table
from retail.schema.tables import TABLES

FILE = Path("models/insights/_insights__sources.yml")
WIDTH = 120
HEAD = """\
# Written by `retail schema` from the records in python/retail/schema/tables.py.
sources:
  - name: insights
    schema: insights
{about}
    config:
      meta: {written_by: python -m detect}
    tables:
"""
ABOUT = (
    "What `python -m detect` found, rewritten by each run, all or nothing; the runs are kept. What "
    "people said and what was sent are copies, as of the last run, of the SQLite file beside this "
    "one. No model reads it: `dbt build` does not need it to be there. Money is in the currency of "
    "`dim_shop`."
)
SIGNS = ("'", '"', "`", "{", "[", "*", "&", "!", "%", "@", "|", ">", "#", "-", "?")
"""What begins a text that YAML would not take for one."""


def as_yaml() -> str:
    """The file, which yamllint accepts."""
    head = HEAD.replace("{about}", "\n".join(_description(ABOUT, 4)))
    return head + "".join(
        f"{line}\n" for name, table in TABLES.items() for line in _table(name, table)
    )


def _table(name: str, table: Table) -> Iterator[str]:
    yield f"      - name: {name}"
    yield from _description(table.description, 8)
    yield "        columns:"
    for column in table.columns:
        yield from _column(column)


def _column(column: Column) -> Iterator[str]:
    yield f"          - name: {column.name}"
    yield f"            data_type: {column.type.lower()}"
    yield from _description(column.description, 12)


def _description(text: str, indent: int) -> Iterator[str]:
    """A text on one line, quoted where it must be, or folded where it is too long for that."""
    margin = " " * indent
    line = f"{margin}description: {_scalar(text)}"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{margin}description: >"
    yield from textwrap.wrap(
        text, WIDTH, initial_indent=f"{margin}  ", subsequent_indent=f"{margin}  ",
        break_on_hyphens=False,
    )  # fmt: skip


def _scalar(text: str) -> str:
    is_plain = not text.startswith(SIGNS) and ": " not in text and " #" not in text
    quoted = text.replace("'", "''")
    return text if is_plain else f"'{quoted}'"
