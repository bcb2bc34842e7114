"""Show the order lines of some days and one segment, and offer them as files."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from pandas.io.formats.style import Styler

from retail import formatting
from retail.outputs.dashboard import read, render, table
from retail.outputs.dashboard.cache import Session
from retail.outputs.dashboard.records import LineRow, Place

SHOWN = 500
MOST = 100_000
"""Lines in the file: about what a spreadsheet is comfortable with."""
MONEY = ("unit_price", "net_revenue")
COLUMNS = tuple(field.name for field in dataclasses.fields(LineRow))
EMPTY = ("customer_id", "description", "region")
LEADING = (
    "ordered_at", "invoice_no", "product", "description", "quantity", "unit_price",
    "net_revenue", "customer_id", "country",
)  # fmt: skip


def section(session: Session, place: Place, title: str, money: str) -> None:
    """Sums of all lines, the largest of them, and buttons for files of them."""
    found = session.ask(read.lines, place, SHOWN)
    render.fragment(
        "sums", title=title, sums=found.sums, shown=len(found.largest), most=MOST, money=money
    )
    if not found.largest:
        return
    shown = frame(found.largest)
    st.dataframe(
        styled(shown, money),
        hide_index=True,
        key="lines",
        height=min(420, 36 * (len(shown) + 1) + 2),
        column_config={
            **{name: st.column_config.Column(_called(name)) for name in shown.columns},
            "ordered_at": st.column_config.DatetimeColumn(
                _called("ordered_at"), format="D MMM YYYY, HH:mm"
            ),
        },
        alt=f"Order lines of {title}",
    )

    def rows() -> table.Rows:
        with session.alone():
            return map(dataclasses.astuple, read.lines(session.path, place, MOST).largest)

    table.download("Download", f"order lines {place.first} {place.last}", COLUMNS, rows)


def _called(name: str) -> str:
    return formatting.upper_first(formatting.words(name))


def styled(table: pd.DataFrame, money: str) -> Styler:
    """Quantities and money as people write them, over the numbers that the table sorts by."""
    written: dict[str, Any] = dict.fromkeys(MONEY, partial(formatting.price, money=money))
    return table.style.format(written | {"quantity": formatting.quantity})


def frame(lines: tuple[LineRow, ...]) -> pd.DataFrame:
    """Lines as a table, what people look at first in front; money as numbers to sort by."""
    table = pd.DataFrame([dataclasses.asdict(line) for line in lines])
    table["quantity"] = pd.to_numeric(table["quantity"])
    table = table.astype(dict.fromkeys(MONEY, float)).fillna(dict.fromkeys(EMPTY, ""))
    return table[[*LEADING, *(name for name in table.columns if name not in LEADING)]]
