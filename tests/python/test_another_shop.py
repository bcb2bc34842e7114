"""A German shop, by configuration alone: its figures read as naturally as the British one's."""

from __future__ import annotations

import csv
import datetime as dt
import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import PROJECT, Shop
from retail import formatting

START, DAYS = dt.date(2011, 6, 6), 150
ONE_DAY = dt.timedelta(days=1)
"""The simulated shop is closed on Saturdays; a day later all its life, on Sundays."""
BULK = dt.date(2011, 9, 20) + ONE_DAY
CLOSURES = {
    dt.date(2011, 6, 13): "Pfingstmontag",
    dt.date(2011, 8, 30): "Betriebsausflug",
    dt.date(2011, 10, 3): "Tag der Deutschen Einheit",
}
"""In the seed; on the second the simulated shop is closed as it is (an English bank holiday)."""
MONEY = [
    ("currency", -1234.5, "-1,234", "+3.14"),
    ("currency £", -1234.5, "-£1,234", "+£3.14"),
    ("currency CHF", -1234.5, "-CHF 1,234", "+CHF 3.14"),
    ("currency A$", -1234.5, "-A$1,234", "+A$3.14"),
]
ELSEWHERE = {"United Kingdom": "Germany", "Germany": "Poland"}


@pytest.fixture(scope="module")
def german(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The shop built, looked at by detection, and with its report written."""
    folder = tmp_path_factory.mktemp("german")
    shop = Shop(configured(folder), folder, str(order_lines(folder)))
    for done in (
        shop.dbt("build", "--exclude-resource-type", "unit_test"),
        shop.python("-m", "detect", "--db", str(shop.database), "--quiet"),
        shop.python("-m", "retail", "report", "--db", str(shop.database)),
    ):
        assert done.returncode == 0, done.stdout + done.stderr
    return shop


def configured(folder: Path) -> Path:
    """The project with what docs/your-data.md says to change for another shop."""
    project = folder / "project"
    for name in ("models", "macros", "seeds", "analyses", "tests/data_tests"):
        shutil.copytree(PROJECT / name, project / name)
    shutil.copy(PROJECT / "profiles.yml", project)
    text = (PROJECT / "dbt_project.yml").read_text(encoding="utf-8")
    for old, new in (
        ("home_country: United Kingdom", "home_country: Germany"),
        ("currency: GBP", "currency: EUR"),
    ):
        assert old in text
        text = text.replace(old, new)
    (project / "dbt_project.yml").write_text(text, encoding="utf-8")
    with (project / "seeds/holidays.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"{day},{name},Germany\n" for day, name in CLOSURES.items())
    return project


def order_lines(folder: Path) -> Path:
    """Order lines in the second spelling, separated by semicolons, a bulk order among them."""
    raw, own = folder / "raw.csv", folder / "bestellungen.csv"
    subprocess.run(
        [
            sys.executable, "-m", "retail", "simulate", "--out", raw, "--start", str(START),
            "--days", str(DAYS), "--orders-per-day", "30", "--dialect", "retail2",
            "--incident", f"bulk_order@{BULK - ONE_DAY},size=10,country=United Kingdom", "--quiet",
        ],
        cwd=PROJECT,
        check=True,
    )  # fmt: skip
    with (
        raw.open(encoding="iso-8859-1", newline="") as source,
        own.open("w", encoding="utf-8", newline="") as target,
    ):
        reader = csv.DictReader(source)
        writer = csv.DictWriter(target, list(reader.fieldnames or [])[::-1], delimiter=";")
        writer.writeheader()
        for row in reader:
            when = dt.datetime.fromisoformat(row["InvoiceDate"]) + ONE_DAY
            row["InvoiceDate"] = when.isoformat(sep=" ")
            row["Country"] = ELSEWHERE.get(row["Country"], row["Country"])
            row["Description"] = row["Description"].replace("£", "€")
            if when.date() not in CLOSURES:
                writer.writerow(row)
    return own


def page(shop: Shop) -> str:
    """What a reader of the report reads."""
    text = (shop.folder / "report.html").read_text(encoding="utf-8")
    text = re.sub(r"<(style|script).*?</\1>", "", text, flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", text))


def told(shop: Shop) -> str:
    """Every sentence that detection wrote."""
    rows = shop.ask(
        """
        select headline || ' ' || narrative from insights.incidents
        union all
        select detail from insights.incident_checks
        """,
    )
    return "\n".join(str(text) for (text,) in rows)


@pytest.mark.parametrize(("unit", "value", "minus", "plus"), MONEY)
def test_money_is_marked_with_its_sign(unit: str, value: float, minus: str, plus: str) -> None:
    for number, text in ((value, minus), (3.14, plus)):
        assert formatting.amount(number, unit, signed=True) == text.replace("-", formatting.MINUS)


def test_what_is_no_money_has_no_sign() -> None:
    assert formatting.amount(0.0, "currency €", signed=True) == "€0.00"
    assert formatting.amount(12.0, "items") == "12.0"


def test_home_is_domestic_and_brings_most(german: Shop) -> None:
    assert german.ask("select country from marts.dim_countries where market = 'domestic'") == [
        ("Germany",)
    ]
    ((share,),) = german.ask(
        "select sum(numerator) / sum(denominator) from marts.fct_kpis_weekly "
        "where kpi = 'international_share'",
    )
    assert 0 < float(str(share)) < 0.5


def test_the_file_says_whose_figures_these_are(german: Shop) -> None:
    told = german.ask("select home_country, currency, currency_sign from marts.dim_shop")
    assert told == [("Germany", "EUR", "€")]


def test_nothing_speaks_of_the_british_shop(german: Shop) -> None:
    for text in (page(german), told(german)):
        assert "€" in text
        assert not re.findall(r"£|GBP|United Kingdom|British(?! Isles)|bank holiday", text)


def test_holidays_are_the_countrys_own(german: Shop) -> None:
    days = german.ask("select date_day, holiday from marts.dim_dates where holiday is not null")
    assert dict(days) == CLOSURES  # type: ignore[arg-type]


def test_it_trades_on_saturdays_and_sundays_off_are_no_news(german: Shop) -> None:
    traded = german.ask(
        "select distinct day_of_week from marts.dim_dates where is_trading_day order by 1"
    )
    assert traded == [(1,), (2,), (3,), (4,), (5,), (6,)]
    found = german.ask("select period_start from insights.anomalies where grain = 'daily'")
    days = {day for (day,) in found if isinstance(day, dt.date)}
    assert not days & set(CLOSURES)
    assert all(day.isoweekday() != 7 for day in days)


def test_the_bulk_order_is_told_in_the_shops_own_money(german: Shop) -> None:
    stories = german.ask(
        f"select headline, narrative from insights.incidents where period_start = '{BULK}'",
    )
    assert stories
    assert any(re.search(r"€\d", f"{headline} {story}") for headline, story in stories)
    assert any("One order makes it" in str(story) for _, story in stories)


def test_every_row_was_read(german: Shop) -> None:
    assert german.ask("select sum(malformed_rows), count(*) from marts.dim_sources")[0][1] == 1
    ((raw, accepted),) = german.ask(
        "select sum(raw_rows), sum(accepted_rows) from marts.dim_sources"
    )
    assert int(str(accepted)) > 0.98 * int(str(raw))
