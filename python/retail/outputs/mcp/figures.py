"""Figures with the cell that they are read from, in the notation of the report: table|key|column.

What is measured when somebody asks is in no table. Its cell names the order lines, the question,
and then the row and the column of the answer, as `retail why --json` has them.
"""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, Field

from retail.outputs.report.cells import Cell, source
from retail.reading.file import known
from retail.reading.order_lines import Span
from retail.reading.why import FORECAST, Answer
from retail.schema import ALL

LINES = "marts.fct_kpi_lines"


class Figure(BaseModel):
    """A figure, how every screen shows it, and its cell."""

    value: float | None = Field(description="Exact, in the KPI's unit; a ratio is 0 to 1.")
    shown: str = Field(description="As every screen shows it.")
    cell: str = Field(description="Where it is from: table|key|column.")


class Text(BaseModel):
    """A text of the tables, with its cell."""

    text: str
    cell: str


def of(cell: Cell) -> Figure:
    """A figure of the report."""
    return Figure(value=known(cell.value), shown=cell.shown, cell=cell.source.unescape())


def read(value: float | None, shown: str, *where: object) -> Figure:
    """A figure that the report does not show; `where` are table, key and column."""
    return Figure(value=known(value), shown=shown, cell=address(*where))


def text(told: str, *where: object) -> Text:
    """A text of the tables."""
    return Text(text=told, cell=address(*where))


def address(*where: object) -> str:
    """A cell as the report writes it."""
    return source(*where).unescape()


def asked(answer: Answer, row: str, column: str, value: float | None, shown: str) -> Figure:
    """A figure of the answer why two periods differ; `row` is of it as a whole, or of a part."""
    against = FORECAST if answer.expectation else days(answer.against.span)
    where = (days(answer.period.span), against, members(answer.segment))
    return read(value, shown, LINES, answer.kpi.kpi, *where, row, column)


def days(span: Span) -> str:
    """A period in a cell, as people type it for `--against`."""
    return f"{span.first}..{span.last}"


def members(segment: Mapping[str, str]) -> str:
    """A segment in a cell."""
    return ",".join(f"{dimension}={member}" for dimension, member in segment.items()) or ALL
