"""What the tests of ingest share: small files of order lines, and a look at what was landed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from retail import ingest
from retail.ingest.columns import PUBLIC_FIELDS, PUBLIC_NAMES

NAMES_II = (
    "Invoice",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "Price",
    "Customer ID",
    "Country",
)
LINE = ("536365", "85123A", "WHITE HEART", "6", "12/13/2010 8:26", "2.55", "17850", "France")
OTHER_LINE = ("C536379", "D", "", "-1", "12/13/2010 9:41", "27.5", "", "France")
HEADER = ",".join(PUBLIC_NAMES)
GOOD = ",".join(LINE)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write text as it is, line ends included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def good_csv(path: Path, rows: int = 1) -> Path:
    """Write a CSV file of good lines."""
    return write(path, "".join(f"{line}\n" for line in [HEADER, *[GOOD] * rows]))


def land(source: Path | str, tmp_path: Path) -> ingest.Landing:
    """Land a source as the plugin does, in a project at ``tmp_path``."""
    found = ingest.resolve(tmp_path, {"RETAIL_SOURCE": str(source)})
    return ingest.land(found, tmp_path / ingest.LANDED_FOLDER)


def shown(
    landing: ingest.Landing, columns: Sequence[str] = PUBLIC_FIELDS
) -> list[tuple[object, ...]]:
    """Rows of raw.order_lines in the order of the files."""
    with duckdb.connect() as connection:
        ingest.create_views(connection, landing)
        query = f"select {', '.join(columns)} from raw.order_lines order by source_file, source_row"
        rows = connection.execute(query).fetchall()
    assert len(rows) == landing.raw_rows  # the accounting: no row more or less than was counted
    return rows


def read(source: Path | str, tmp_path: Path) -> list[tuple[object, ...]]:
    """Rows of raw.order_lines of a source."""
    return shown(land(source, tmp_path))


def refusal(source: Path | str, tmp_path: Path) -> str:
    """The line that a source is refused with, the folder of the test left out."""
    with pytest.raises(ingest.IngestError) as refused:
        land(source, tmp_path)
    message = str(refused.value)
    assert message.isprintable()
    assert not list((tmp_path / ingest.LANDED_FOLDER).glob(".*"))  # no draft is left behind
    return message.replace(f"{tmp_path}/", "")


def as_landed(row: Sequence[str]) -> tuple[str | None, ...]:
    """A row as it is landed: an empty field is NULL."""
    return tuple(field or None for field in row)
