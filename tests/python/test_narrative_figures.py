"""Every figure of a story is a cell of the tables, rounded as it is shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import duckdb
import pytest

from conftest import Shop
from retail import formatting

FIGURE = re.compile(r"([+−]?)(\d[\d,]*(?:\.\d+)?)( %| percentage points| hours?| days?)?")
HUNDREDTHS = (" %", " percentage points")


@dataclass
class Known:
    """What the tables say of one incident."""

    headline: str
    narrative: str
    numbers: list[float] = field(default_factory=list)
    minutes: list[int] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def stories(detected: Shop) -> list[Known]:
    with duckdb.connect(str(detected.database), read_only=True) as connection:
        names = connection.execute(
            "select incident_id, headline, narrative from insights.incidents"
        ).fetchall()
        return [known(connection, name, Known(headline, story)) for name, headline, story in names]


def known(connection: duckdb.DuckDBPyConnection, name: str, out: Known) -> Known:
    tables = (
        f"select * from insights.incidents where incident_id = '{name}'",
        f"select * from insights.anomalies where incident_id = '{name}'",
        f"select * from insights.early_warnings where incident_id = '{name}'",
        f"select * from insights.revenue_drivers where incident_id = '{name}'",
        *(
            f"""
            select rows.* from insights.{table} as rows
            inner join insights.incidents as i on rows.{key} = i.lead_anomaly_id
            where i.incident_id = '{name}' and rows.analysis = 'root_cause'
            """
            for table, key in (("attributions", "anomaly_id"), ("early_attributions", "warning_id"))
        ),
    )
    for query in tables:
        rows = connection.execute(query)
        columns = [column[0] for column in rows.description]
        for row in rows.fetchall():
            for column, value in zip(columns, row, strict=True):
                learn(out, column, value)
    figures = f"select details from insights.incident_checks where incident_id = '{name}'"
    for (text,) in connection.execute(figures).fetchall():
        for column, value in json.loads(text).items():
            learn(out, column, value)
    codes = [name for name in out.names if name]
    described = (
        "select product, description from marts.dim_products where product in (select unnest(?))"
    )
    for code, text in connection.execute(described, [codes]).fetchall():
        out.names.add(f"{' '.join(text.split())} ({code})")
    return out


def learn(out: Known, column: str, value: object) -> None:
    """Take a cell in: a number as a number, a text or a date as it is shown."""
    if column == "minutes":
        out.minutes.append(int(str(value)))
    if isinstance(value, bool) or value is None or column in ("headline", "narrative"):
        return
    if isinstance(value, int | float):
        out.numbers.append(float(value))
    elif hasattr(value, "strftime"):
        out.names.add(formatting.day(value, full=True))  # type: ignore[arg-type]
    elif column in ("segment", "root_cause") and str(value).startswith("{"):
        segment = value if isinstance(value, dict) else json.loads(str(value))
        out.names |= set(segment.values())
    elif isinstance(value, dict):
        out.names |= set(value.values())
    elif column in ("segment", "product", "customer_id", "invoice_no", "member"):
        out.names.add(str(value))


def unknown(text: str, cells: Known) -> list[str]:
    """Figures of a text that no cell accounts for."""
    for name in sorted(cells.names, key=len, reverse=True):
        text = re.sub(rf"(?<![\w.,]){re.escape(name)}(?![\w]|[.,]\d)", "·", text)
    return [found[0] for found in FIGURE.finditer(text) if not is_cell(found, cells)]


def is_cell(found: re.Match[str], cells: Known) -> bool:
    sign, digits, unit = found[1], found[2].replace(",", ""), found[3] or ""
    value = float(digits)
    if unit.strip().rstrip("s") in ("hour", "day"):
        size = 60 if "hour" in unit else 1440
        return any(minutes // size == value for minutes in cells.minutes)
    scale = 100 if unit in HUNDREDTHS else 1
    half = 0.5 * 10.0 ** -len(digits.partition(".")[2])
    for number in cells.numbers:
        shown = abs(number * scale) if not sign else number * scale
        wanted = -value if sign == "−" else value
        almost_all = unit == " %" and 0.995 <= abs(number) < 1 and 0 <= shown - wanted < 0.1
        if abs(shown - wanted) <= half * (1 + 1e-9) or almost_all:
            return True
    return False


def test_every_figure_of_every_story_is_a_cell_of_its_tables(stories: list[Known]) -> None:
    assert stories
    for story in stories:
        assert unknown(story.headline, story) == []
        assert unknown(story.narrative, story) == []


def figures_of(stories: list[Known]) -> Iterator[tuple[Known, str]]:
    for story in stories:
        for found in FIGURE.finditer(story.narrative):
            yield story, found[0]


def test_a_figure_that_is_no_cell_is_noticed(stories: list[Known]) -> None:
    for story in stories:
        assert unknown("It came to 7,654,321.09, which is 4,321.9 % above.", story) == [
            "7,654,321.09",
            "4,321.9 %",
        ]
        assert unknown("ordered by customer 999999999", story) == ["999999999"]


def test_a_story_holds_many_figures(stories: list[Known]) -> None:
    assert len(list(figures_of(stories))) >= 4 * len(stories)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (70.0, "count", "70"),
        (69.6, "count", "70"),
        (3.4, "count", "3.4"),
        (12, "count", "12"),
        (-0.0001, "ratio", "0.0 %"),
        (0.123, "ratio", "12.3 %"),
        (12.34, "items", "12.3"),
        (5.783, "currency", "5.78"),
    ],
)
def test_an_amount_has_the_decimals_that_its_unit_can_have(
    value: float, unit: str, text: str
) -> None:
    assert formatting.amount(value, unit) == text


def test_what_a_segment_adds_to_a_share_is_in_percentage_points() -> None:
    assert formatting.contribution(0.689, "ratio", full=True) == "+68.9 percentage points"
    assert formatting.contribution(-45.0, "count") == "−45"
