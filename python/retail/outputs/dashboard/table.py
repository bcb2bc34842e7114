"""A table, and a file of it for a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import streamlit as st

from retail.outputs.dashboard import csv_file, render


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows by their first cell, the others to the right."""
    render.fragment("table", title=title, head=head, rows=rows)


def download(what: str, name: str, head: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """A button for a file of rows, numbers as numbers."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    st.download_button(
        f"Download {what}",
        data=csv_file.rows_as_csv(head, rows),
        file_name=f"{plain}.csv",
        mime="text/csv",
        on_click="ignore",
        key=f"download_{plain}",
    )
