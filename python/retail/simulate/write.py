"""Order lines to CSV and Parquet, in bounded memory; a half-written file never has the final name.

DuckDB renders blocks of rows to CSV; they are appended to a file in a private folder beside the
destination, and the finished file (or folder) is moved onto the final name in one step. A run that
is killed leaves the destination as it was, and its private folder to the next run.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal

import duckdb
import numpy as np

from retail.errors import RetailError
from retail.simulate.config import Dialect
from retail.simulate.frames import to_frame
from retail.simulate.lines import Lines, Vocabulary, join
from retail.simulate.private import FORMER, private_folder
from retail.simulate.text import COLUMNS
from retail.storage.durable import put_in_place
from retail.storage.quoting import identifier, literal

Form = Literal["csv", "parquet", "folder"]
BLOCK_ROWS = 400_000  # rendered at once
MEMORY_LIMIT = "500MB"  # of DuckDB, which gets by with less
MONTH_FILE = re.compile(r"\d{4}-\d{2}\.csv")
ROWS_FILE, BLOCK_FILE, DONE = "rows.csv", "block", "done"
ENCODINGS: dict[Dialect, str] = {"retail": "iso-8859-1", "retail2": "utf-8"}
LINE_ENDS: dict[Dialect, bytes] = {"retail": b"\r\n", "retail2": b"\n"}
DATE_FORMATS: dict[Dialect, str] = {"retail": "%-m/%-d/%Y %-H:%M", "retail2": "%Y-%m-%d %H:%M:%S"}
CUSTOMER_TYPES: dict[Dialect, str] = {"retail": "integer", "retail2": "double"}


def form_of(out: Path) -> Form:
    """Tell from a path what to write: one CSV, one Parquet file, or a folder of monthly CSVs.

    Raises:
        RetailError: the suffix says nothing, or the path is taken by something else.
    """
    suffix = out.suffix.lower()
    if suffix in {".csv", ".parquet"}:
        if out.is_dir():
            raise RetailError(f"{out} is a folder: name a file that does not exist, or a folder")
        return "csv" if suffix == ".csv" else "parquet"
    if suffix:
        raise RetailError(f"{out}: end it in .csv, .parquet, or nothing (a folder of CSVs)")
    if out.exists() and not (
        out.is_dir() and all(MONTH_FILE.fullmatch(p.name) for p in out.iterdir())
    ):
        raise RetailError(f"{out} holds other files, which would be lost: name another folder")
    return "folder"


@contextmanager
def published(out: Path) -> Iterator[Path]:
    """Give a private folder beside `out`; what is called `done` there at the end becomes `out`.

    Raises:
        RetailError: the folder of `out` cannot be written to, or is full.
    """
    with ExitStack() as end:
        try:
            private = end.enter_context(private_folder(out))
        except OSError as error:
            raise RetailError(f"{out.parent}: {error.strerror}; choose another --out") from error
        try:
            yield private
            _put(private / DONE, out, private / FORMER)
        except (OSError, duckdb.IOException) as error:
            raise RetailError(f"{out} could not be written and is as it was: {error}") from error


def _put(done: Path, out: Path, former: Path) -> None:
    """Move a file or folder onto its final name; a folder that is there makes way first."""
    if not out.is_dir():
        put_in_place(done, out)
        return
    out.replace(former)
    try:
        put_in_place(done, out)
    except OSError:
        former.replace(out)
        raise


@dataclass(slots=True)
class Writer:
    """Takes days in order into files in a private folder; keeps at most a block of rows.

    For Parquet the rows pass through one CSV in UTF-8, so that blocks leave no trace in the file.
    """

    private: Path
    form: Form
    dialect: Dialect
    words: Vocabulary
    rows: int = 0
    file: str = ROWS_FILE
    waiting: list[Lines] = field(default_factory=list)

    def add(self, day: date, lines: Lines) -> None:
        """Write a day's rows, now or with the next ones."""
        file = f"{day:%Y-%m}.csv" if self.form == "folder" else ROWS_FILE
        if file != self.file:
            self.flush()
            self.file = file
        self.waiting.append(lines)
        if sum(len(part) for part in self.waiting) >= BLOCK_ROWS:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting; a new file begins with the names of the columns."""
        lines, self.waiting = join(self.waiting), []
        if self.form == "folder" and len(lines) == 0:
            return
        (self.private / DONE).mkdir(exist_ok=True)
        with (self.private / DONE / self.file).open("ab") as file:
            if file.tell() == 0:
                file.write(self._encode(",".join(COLUMNS[self.dialect]).encode() + b"\n"))
            for start in range(0, len(lines), BLOCK_ROWS):
                part = np.arange(start, min(start + BLOCK_ROWS, len(lines)))
                file.write(self._encode(self._render(lines.take(part))))
        self.rows += len(lines)

    def finish(self) -> None:
        """Write the rest, and leave the finished file or folder as `done`."""
        self.flush()
        folder = self.private / DONE
        if self.form == "folder":
            folder.mkdir(exist_ok=True)
            return
        rows = self.private / ROWS_FILE
        (folder / ROWS_FILE).replace(rows)
        folder.rmdir()
        if self.form == "csv":
            rows.replace(folder)
        else:
            _to_parquet(rows, folder, self.dialect)

    def _render(self, lines: Lines) -> bytes:
        block = to_frame(lines, self.words, self.dialect)
        rendered = self.private / BLOCK_FILE
        with duckdb.connect(config={"memory_limit": MEMORY_LIMIT}) as connection:
            connection.register("block", block)
            connection.execute(f"copy block to {literal(rendered)} (format csv, header false)")
        return rendered.read_bytes()

    def _encode(self, text: bytes) -> bytes:
        if self.form == "parquet":
            return text
        if ENCODINGS[self.dialect] != "utf-8":
            text = text.decode("utf-8").encode(ENCODINGS[self.dialect], "replace")
        return text.replace(b"\n", LINE_ENDS[self.dialect])


def _to_parquet(rows: Path, out: Path, dialect: Dialect) -> None:
    """Turn a CSV into Parquet with the types a spreadsheet import would give."""
    names = COLUMNS[dialect]
    types = dict.fromkeys(names, "varchar")
    columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
    invoice, code, text, quantity, at, price, customer, country = map(identifier, names)
    query = f"""
        select
            {invoice}, {code}, {text}, {quantity}::integer as {quantity},
            strptime({at}, '{DATE_FORMATS[dialect]}') as {at}, {price}::double as {price},
            {customer}::{CUSTOMER_TYPES[dialect]} as {customer}, {country}
        from read_csv(
            {literal(rows)}, header = true, columns = {{{columns}}}, auto_detect = false,
            delim = ',', quote = '"', escape = '"'
        )
    """  # noqa: S608 - names of our own
    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT}) as connection:
        connection.execute(f"copy ({query}) to {literal(out)} (format parquet)")
