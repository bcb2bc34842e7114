"""The product: one command (`retail`), and the finished file of a shop in Python.

import retail

shop = retail.open("retail.duckdb")
shop.incidents()
print(shop.why("total_revenue", "2011-11-21", "2011-11-27"))
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retail.api import Database

__all__ = ["open"]


def open(path: str | Path | None = None) -> Database:
    """Open the finished file of a shop, to ask it; it is read only, and no build waits for it.

    Args:
        path: the DuckDB file; by default the one that the commands read (`RETAIL_DB`, or
            `retail.duckdb` in this folder).

    Raises:
        RetailError: there is no such file, or it is none that can be read.
    """
    from retail.api import Database  # late: the command line goes without pandas

    return Database.of(path)
