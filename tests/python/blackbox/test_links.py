"""The dashboard in a browser: addresses that people have saved still open the same thing."""

from __future__ import annotations

import datetime as dt
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page

from blackbox import saved, shop
from blackbox.conftest import PROJECT, Place, command

SECONDS = 90.0
WEEK = dt.date(2011, 3, 14)


@pytest.fixture(scope="module")
def address(answered: Place) -> Iterator[str]:
    """Where the dashboard of the shop is served, after people have answered."""
    with socket.create_server(("localhost", 0)) as taken:
        port = taken.getsockname()[1]
    served = f"http://localhost:{port}"
    with subprocess.Popen(
        command("dashboard", port=port),
        cwd=PROJECT, env=answered.environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as program:  # fmt: skip
        try:
            wait_for(served, program)
            yield served
        finally:
            program.terminate()


def wait_for(address: str, program: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            assert program.poll() is None, "the dashboard ended"
            assert time.monotonic() < deadline, "the dashboard did not start"
            time.sleep(0.2)
        else:
            return


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    opened = chromium.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(1000 * SECONDS)
    yield opened
    opened.close()


def title(page: Page) -> str:
    """The headline of a page that shows one thing."""
    return " ".join(page.locator("h1").first.inner_text().split())


def text(page: Page) -> str:
    return " ".join(page.locator("body").inner_text().split())


def headline(place: Place, incident: str) -> str:
    ((found,),) = place.ask(
        "select headline from insights.incidents where incident_id = ?", incident
    )
    return " ".join(str(found).split())


def net_revenue(first: dt.date, last: dt.date, country: str = "", product: str = "") -> str:
    """What the order lines of some days add up to, perhaps in one country or of one product."""
    lines = (
        int(quantity) * Decimal(price)
        for _, code, _, quantity, moment, price, _, where in shop.order_lines()
        if first <= dt.datetime.fromisoformat(moment).date() <= last
        if country in ("", where) and product in ("", code)
    )
    return f"{sum(lines):,.2f}"


def test_it_opens_on_an_overview_that_leads_to_a_kpi(
    answered: Place, address: str, page: Page
) -> None:
    page.goto(address)
    page.get_by_role("link", name="Total revenue", exact=True).click()
    page.get_by_text("Download as CSV").wait_for()
    labels = answered.ask("select label from marts.dim_kpis where kpi = 'total_revenue'")
    assert labels == [(title(page),)]
    page.locator("canvas, svg[role=img]").first.wait_for()  # drawn after what is written
    assert net_revenue(shop.LAST_DAY, shop.LAST_DAY) in text(page)


@pytest.mark.parametrize("name", [saved.GERMAN_DAY, "05f8bb41545f"])
def test_a_link_opens_its_incident(answered: Place, address: str, page: Page, name: str) -> None:
    incident = saved.ANOMALIES[name][-1] if name in saved.ANOMALIES else name
    page.goto(f"{address}/?incident={name}&by=country&member=Germany")
    page.get_by_text("Download as CSV").wait_for()
    assert title(page) == headline(answered, incident)


def test_a_link_into_an_incident_opens_its_order_lines(address: str, page: Page) -> None:
    page.goto(f"{address}/?incident={saved.GERMAN_DAY}&by=country&member=Germany")
    page.get_by_text("Download as CSV").wait_for()
    assert net_revenue(shop.GERMAN_DAY, shop.GERMAN_DAY, "Germany") in text(page)


@pytest.mark.parametrize(
    ("span", "week"),
    [
        (f"all&period={WEEK}", WEEK),
        (f"2011-02-01..{WEEK - dt.timedelta(days=1)}", WEEK - dt.timedelta(days=7)),
    ],
)
def test_a_link_opens_a_kpi_of_a_country_a_period_and_a_product(
    answered: Place, address: str, page: Page, span: str, week: dt.date
) -> None:
    """Without a period, it is the latest of the span."""
    page.goto(
        f"{address}/?view=kpis&kpi=units_sold&grain=weekly&country=Germany"
        f"&span={span}&by=product&member=10003"
    )
    page.get_by_text("Download as CSV").wait_for()
    ((label,),) = answered.ask("select label from marts.dim_kpis where kpi = 'units_sold'")
    assert str(label) in title(page)
    assert "Germany" in title(page)
    assert net_revenue(week, week + dt.timedelta(days=6), "Germany", "10003") in text(page)


def test_a_link_to_the_list_opens_all_incidents_or_the_open_ones(
    answered: Place, address: str, page: Page
) -> None:
    told = {name: headline(answered, name) for name in saved.INCIDENTS}
    page.goto(f"{address}/?view=incidents&status=all")
    page.get_by_text(told[saved.OUTAGE]).first.wait_for()
    assert [line for line in told.values() if line not in text(page)] == []
    page.goto(f"{address}/?view=incidents&status=open")
    page.get_by_text(told[saved.SLUMP]).first.wait_for()
    assert told[saved.OUTAGE] not in text(page)
