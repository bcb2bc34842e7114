"""A table, and files of it for a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import streamlit as st

from retail.outputs.dashboard import csv_file, render, workbook

Rows = Iterable[Iterable[object]]
Write = Callable[[Sequence[str], Rows], bytes]
FORMS = (
    ("CSV", "csv", csv_file.MIME, csv_file.rows_as_csv),
    ("Excel", "xlsx", workbook.MIME, workbook.as_workbook),
)


def show(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows by their first cell, the others to the right."""
    render.fragment("table", title=title, head=head, rows=rows)


def download(label: str, name: str, head: Sequence[str], rows: Callable[[], Rows]) -> None:
    """A button for each form of file of rows, which are asked for once one is pressed."""
    plain = re.sub(r"[^a-z0-9-]+", "_", name.lower()).strip("_")
    with st.container(horizontal=True):
        for form, ending, mime, written in FORMS:
            st.download_button(
                f"{label} as {form}",
                data=partial(_file, written, head, rows),
                file_name=f"{plain}.{ending}",
                mime=mime,
                on_click="ignore",
                key=f"download_{plain}_{ending}",
            )


def _file(write: Write, head: Sequence[str], rows: Callable[[], Rows]) -> bytes:
    return write(head, rows())
