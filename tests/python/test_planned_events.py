"""Planned events: they explain what is found on their days, and teach nothing."""

from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path

import duckdb
import numpy as np
import pytest

from detect import planned
from detect.attribution.data_quality import SUSPECTED
from detect.errors import DetectError
from detect.records import Check, Event
from retail.jobs.detection import store
from retail.outputs.narrative import stories
from retail.outputs.narrative.stories import History
from test_detect_shop import FIRST_DAY, kpi, panel
from test_stories import anomaly

DAY = FIRST_DAY + dt.timedelta(days=9)
SALE = Event("Clearance", DAY, DAY + dt.timedelta(days=1), {}, True)
FAIR = dataclasses.replace(SALE, name="Trade fair", has_effect=False)
FRANCE = dataclasses.replace(SALE, segment={"country": "France"})


@pytest.mark.parametrize(("grain", "touched"), [("daily", [9, 10]), ("weekly", [1])])
def test_the_periods_of_an_event_with_effect_are_not_learned(
    grain: str, touched: list[int]
) -> None:
    whole = panel(np.ones((2, 20)), grain=grain)
    known = planned.not_learned(whole, [SALE, dataclasses.replace(FAIR, first=FIRST_DAY)])
    assert np.flatnonzero(known[0]).tolist() == touched
    assert (known[0] == known[1]).all()


def test_an_event_of_a_member_is_about_its_series_alone() -> None:
    shop = panel(np.ones((3, 20)), *[kpi("revenue_by_country", segment_by="country")] * 3)
    names = ("France", "Norway", "all")
    series = tuple(
        dataclasses.replace(s, segment=n) for s, n in zip(shop.series, names, strict=True)
    )
    known = planned.not_learned(dataclasses.replace(shop, series=series), [FRANCE])
    assert known.any(axis=1).tolist() == [True, False, False]


def test_what_an_event_explains_is_mild_and_nothing_else() -> None:
    found = [
        anomaly(period_start=DAY),
        anomaly(period_start=DAY + dt.timedelta(days=2)),
        anomaly(period_start=DAY, dimension="country", segment="France"),
        anomaly(period_start=DAY, dimension="country", segment="Norway"),
    ]
    assert [a.severity for a in planned.explain(found, [SALE])] == ["low", "high", "low", "low"]
    assert [a.severity for a in planned.explain(found, [FRANCE])] == ["high", "high", "low", "high"]
    assert planned.explain(found, [FAIR]) == found


def told(*failed: Check) -> stories.Incident:
    found = planned.explain([anomaly(period_start=DAY)], [SALE])
    later = dataclasses.replace(SALE, first=DAY + dt.timedelta(7), last=DAY + dt.timedelta(8))
    known = History(events=(FAIR, SALE, later))
    (incident,) = stories.describe(found, [], checks=failed, history=known)
    return incident


def test_a_story_names_the_events_of_its_days() -> None:
    incident = told()
    assert "Planned for these days: Clearance (10 January" in incident.narrative
    assert incident.events == ("Clearance", "Trade fair")
    assert incident.severity == "low"


def test_no_event_explains_a_fault_of_the_data() -> None:
    fault = Check("incident", "price_slip", SUSPECTED, "A price may be wrong.", {})
    assert told(fault).severity == "medium"


def test_events_are_read_from_the_seed_and_a_wrong_one_is_one_line(
    shop_db: Path, tmp_path: Path
) -> None:
    path = tmp_path / "shop.duckdb"
    path.write_bytes(shop_db.read_bytes())
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            insert into seeds.events from (values
                (date '2024-01-10', date '2024-01-11', 'Clearance', null, null, true),
                (date '2024-01-10', date '2024-01-11', 'Strike', 'country', 'France', true)
            ) as t(starts_on, ends_on, event, dimension, member, has_effect)
            """
        )
    assert store.read_inputs(path, None).events == (
        SALE, dataclasses.replace(FRANCE, name="Strike"),
    )  # fmt: skip
    with duckdb.connect(str(path)) as connection:
        connection.execute("update seeds.events set dimension = 'contry' where event = 'Strike'")
    with pytest.raises(DetectError, match="'Strike' on 2024-01-10 is about contry, France"):
        store.read_inputs(path, None)
