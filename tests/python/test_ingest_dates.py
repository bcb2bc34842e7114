"""Day or month first: decided per file from all of its rows, or refused in one line."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retail import ingest
from retail.ingest.dates import DAY_FIRST, FORMATS, MONTH_FIRST, DateOrder
from test_ingest_support import HEADER, land, refusal, shown, write

DECEMBER = dt.date(2010, 12, 1)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def csv(path: Path, dates: Iterable[str], name: str = "1") -> Path:
    lines = [f"{name}{n},A,MUG,1,{date},1,7,France" for n, date in enumerate(dates)]
    return write(path, "\n".join([HEADER, *lines]) + "\n")


def orders(landing: ingest.Landing) -> dict[str, DateOrder | None]:
    return {file.source_file: file.date_order for file in landing.files}


@pytest.mark.parametrize("separator", ["/", "-", "."])
def test_a_number_above_twelve_settles_the_order(tmp_path: Path, separator: str) -> None:
    source = csv(tmp_path / "a.csv", [f"{n}/12/2010 9:00".replace("/", separator) for n in (1, 13)])
    (file,) = land(source, tmp_path).files
    assert file.date_order == DAY_FIRST
    assert file.date_evidence == f"row 3 has 13{separator}12{separator}2010 9:00"
    other = csv(tmp_path / "b.csv", ["12/1/2010 9:00", "12/13/2010 9:00"])
    assert orders(land(other, tmp_path)) == {"b.csv": MONTH_FIRST}


def test_dates_that_are_the_same_either_way_or_year_first_need_no_order(tmp_path: Path) -> None:
    source = csv(tmp_path / "a.csv", ["1/1/2010 9:00", "2010-12-01", "yesterday", "45/99/2010"])
    assert orders(land(source, tmp_path)) == {"a.csv": None}


def test_one_ambiguous_day_is_refused_with_the_setting_that_decides(tmp_path: Path) -> None:
    source = csv(tmp_path / "a.csv", ["1/1/2010 9:00", *["12/1/2010 8:26"] * 7])
    assert refusal(source, tmp_path) == (
        "a.csv row 3: InvoiceDate '12/1/2010 8:26' may have the day first or the month first, and "
        "so may 7 rows of the file, without one that decides; set columns.ordered_at.format in "
        'shop.yml to "%d/%m/%Y" or "%m/%d/%Y"'
    )


def test_the_setting_decides(tmp_path: Path) -> None:
    source = csv(tmp_path / "a.csv", ["12/1/2010 8:26"])
    for order, form in FORMATS.items():
        write(tmp_path / "shop.yml", f'columns: {{ordered_at: {{format: "{form}"}}}}')
        landing = ingest.parquet_cache.land_project(
            tmp_path, tmp_path / "landed", environ={"RETAIL_SOURCE": str(source)}
        )
        assert orders(landing) == {"a.csv": order}


def test_a_row_in_the_other_order_is_refused_by_name(tmp_path: Path) -> None:
    usual = [f"12/{n}/2010 9:00" for n in range(1, 29)]
    source = csv(tmp_path / "a.csv", [usual[0], "31-12-2010 09:02", *usual[1:]])
    assert refusal(source, tmp_path) == (
        "a.csv row 3: InvoiceDate '31-12-2010 09:02' does not fit month first, as 16 rows do (row "
        "15: '12/13/2010 9:00'), and 1 like it do not; write all dates in one order, or set "
        'columns.ordered_at.format in shop.yml to "%d/%m/%Y" or "%m/%d/%Y" and have the others set '
        "apart as malformed"
    )


@pytest.mark.parametrize("order", [DAY_FIRST, MONTH_FIRST])
def test_days_that_lie_close_together_in_one_order_decide_and_that_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, order: DateOrder
) -> None:
    form = FORMATS[order]
    days = [DECEMBER + dt.timedelta(n) for n in range(3)]
    landing = land(csv(tmp_path / "a.csv", [f"{d:{form}} 9:00" for d in days]), tmp_path)
    assert orders(landing) == {"a.csv": order}
    (warning,) = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert f"dates of a.csv are read {order}" in warning
    assert "columns.ordered_at.format" in warning


def test_files_whose_dates_are_not_proven_are_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "months").mkdir()
    for month in (3, 4, 5):
        days = [f"{dt.date(2011, month, day):{FORMATS[DAY_FIRST]}} 9:00" for day in (1, 2, 3)]
        csv(tmp_path / "months" / f"{month}.csv", days)
    land(tmp_path / "months", tmp_path)
    warnings = [one.message for one in caplog.records if one.levelno >= logging.WARNING]
    (warning,) = [text for text in warnings if text.startswith("dates of")]
    assert warning.startswith("dates of 3 files, such as ")
    assert "columns.ordered_at.format" in warning


@given(
    days=st.sets(st.dates(dt.date(2010, 1, 1), dt.date(2011, 12, 31)), min_size=1, max_size=40),
    order=st.sampled_from([DAY_FIRST, MONTH_FIRST]),
)
def test_a_file_is_read_in_its_own_order_or_refused_but_for_sparse_days(
    days: set[dt.date], order: DateOrder
) -> None:
    """The one way to be wrong: at least three days, far apart as written, close the other way."""
    numbers = [(d.day, d.month) if order == DAY_FIRST else (d.month, d.day) for d in days]
    evidence = ingest.dates.DateEvidence(
        **{
            kind: ingest.dates.Rows(1, 1, "x")
            for kind in {ingest.dates._kind(*n, 2010) for n in numbers} - {"same", None}
        },
        numbers=tuple(sorted((*n, d.year) for n, d in zip(numbers, days, strict=True))),
    )
    try:
        decision = ingest.dates.decide({"a": evidence})["a"]
    except ingest.IngestError:
        return
    if decision.order and decision.order != order:
        assert not decision.is_certain
        span = (max(days) - min(days)).days + 1
        assert span >= 5 * len(days)


def test_other_files_decide_unless_their_days_speak_for_the_other_order(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    november = [f"11/{n}/2010 9:00" for n in range(1, 31)]
    csv(folder / "2010-11.csv", november)
    csv(folder / "2010-12-01.csv", ["12/1/2010 9:00"], "2")
    assert orders(land(folder, tmp_path))["in/2010-12-01.csv"] == MONTH_FIRST
    csv(folder / "2010-12-01.csv", ["11/3/2010 9:00"], "2")  # late lines: March is far away
    assert orders(land(folder, tmp_path))["in/2010-12-01.csv"] == MONTH_FIRST
    csv(folder / "2010-12-01.csv", ["3/11/2010 9:00"], "2")  # March, or late lines, day first
    assert "2010-12-01.csv row 2: InvoiceDate '3/11/2010 9:00'" in refusal(folder, tmp_path)
    csv(folder / "2010-12-01.csv", ["11/12/2010 9:00"], "2")  # 11 December, day first
    assert "2010-12-01.csv row 2: InvoiceDate '11/12/2010 9:00'" in refusal(folder, tmp_path)


def test_a_month_in_another_form_is_read_beside_files_year_first(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for month in range(1, 13):
        days = [dt.date(2011, month, n) for n in range(1, 13)]
        form = "%d/%m/%Y 9:00" if month == 9 else "%Y-%m-%d 09:00:00"
        csv(folder / f"2011-{month:02}.csv", [f"{d:{form}}" for d in days])
    found = orders(land(folder, tmp_path))
    assert found == {f"in/2011-{m:02}.csv": DAY_FIRST if m == 9 else None for m in range(1, 13)}


def test_cells_that_a_spreadsheet_has_swapped_are_refused(tmp_path: Path) -> None:
    cells = [f"2010-{n:02}-12 09:00:00" for n in range(1, 13)]
    texts = [f"{n}/12/2010 9:00" for n in range(13, 32)]
    message = refusal(csv(tmp_path / "a.csv", [*cells, *texts]), tmp_path)
    assert message.startswith("a.csv row 14: InvoiceDate '13/12/2010 9:00'")
    assert "swapped day and month" in message


def test_one_bad_file_among_good_ones_stops(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    csv(folder / "a.csv", [f"12/{n}/2010" for n in range(1, 32)])
    csv(folder / "b.csv", ["1/13/2011", "13/1/2011"])
    assert refusal(folder, tmp_path).startswith("in/b.csv row 3: InvoiceDate '13/1/2011'")


def test_lines_added_later_may_settle_or_contradict(tmp_path: Path) -> None:
    source = csv(tmp_path / "a.csv", [f"{n}/12/2010" for n in range(1, 10)] * 20)
    before = land(source, tmp_path)
    assert orders(before) == {"a.csv": DAY_FIRST}
    with source.open("a") as file:
        file.write("99,A,MUG,1,13/12/2010,1,7,France\n")
    (grown,) = land(source, tmp_path).files
    assert (grown.date_order, grown.date_evidence) == (DAY_FIRST, "row 182 has 13/12/2010")
    with source.open("a") as file:
        file.write("99,A,MUG,1,12/14/2010,1,7,France\n")
    assert "a.csv row 182: InvoiceDate '13/12/2010'" in refusal(source, tmp_path)


def test_rows_are_others_when_their_dates_are_read_in_the_other_order(tmp_path: Path) -> None:
    """Else an incremental build would keep what it read before."""

    def land_as(form: str) -> ingest.Landing:
        write(tmp_path / "shop.yml", f'columns: {{ordered_at: {{format: "{form}"}}}}')
        environ = {"RETAIL_SOURCE": str(source)}
        return ingest.parquet_cache.land_project(tmp_path, tmp_path / "landed", environ=environ)

    source = csv(tmp_path / "a.csv", ["12/1/2010", "12/2/2010"])
    found = [land_as(form) for form in FORMATS.values()]
    hashes = [shown(landing, ("row_hash",)) for landing in found]
    assert not set(hashes[0]) & set(hashes[1])
    contents = [file.content_hash for landing in found for file in landing.files]
    assert contents == [rows[0][0] ^ rows[1][0] for rows in hashes]  # type: ignore[operator]
