"""Are all answers the same? A benchmark of different answers would be worthless."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import duckdb
import numpy as np
import pandas as pd

from retail.errors import RetailError

KEY = ["grain", "kpi", "segment", "period_start"]
TOLERANCE = 1e-9
"""Relative to the larger value, or to one."""
Answer: TypeAlias = "pd.Series[float]"


def of_script(path: Path) -> Answer:
    """KPI values out of the CSV that a script wrote."""
    found = pd.read_csv(path, header=None, names=[*KEY, "value"], dtype=dict.fromkeys(KEY, "str"))
    return found.set_index(KEY)["value"].astype("float64").sort_index()


def of_database(path: Path) -> Answer:
    """KPI values out of a DuckDB file that the daily job published."""
    query = " union all ".join(
        f"select '{grain}' as grain, kpi, segment, period_start::varchar as period_start, value "  # noqa: S608 - names of our own
        f"from marts.fct_kpis_{grain}"
        for grain in ("daily", "weekly")
    )
    with duckdb.connect(str(path), read_only=True) as connection:
        found = connection.execute(query).df()
    return found.set_index(KEY)["value"].astype("float64").sort_index()


def insist_on_equal(first: tuple[str, Answer], second: tuple[str, Answer]) -> None:
    """Stop where two answers differ.

    Raises:
        RetailError: naming the first KPI, segment and period, and both values.
    """
    (name, mine), (other, theirs) = first, second
    if not mine.index.equals(theirs.index):
        odd = mine.index.symmetric_difference(theirs.index)
        raise RetailError(
            f"answers differ: {', '.join(odd[0]) if len(odd) else 'a row twice'} "
            f"is in one of {name} and {other} only"
        )
    a, b = mine.to_numpy(), theirs.to_numpy()
    scale = np.maximum(np.maximum(np.abs(a), np.abs(b)), 1.0)
    both_none = np.isnan(a) & np.isnan(b)
    wrong = np.flatnonzero(~(both_none | (np.abs(a - b) <= TOLERANCE * scale)))
    if wrong.size:
        at = wrong[0]
        raise RetailError(
            f"answers differ in {wrong.size:,} value(s): {', '.join(mine.index[at])} "
            f"is {float(a[at])!r} by {name}, {float(b[at])!r} by {other}"
        )
