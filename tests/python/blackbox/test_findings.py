"""People look findings up, and answer them; detection as of a day knows nothing of later ones."""

from __future__ import annotations

import json

import duckdb
import pytest

from blackbox import saved, shop
from blackbox.conftest import FAR_FUTURE, Place, Rows, the_line

WEEKLY = next(item for item in saved.ANOMALIES.items() if "weekly" in item[1])
NOBODY = "0123456789ab"
FOUND = "anomaly_id, kpi, segment, grain, period_start, actual, expected, confidence, incident_id"


def headlines(place: Place) -> dict[str, str]:
    rows = place.ask("select incident_id, headline from insights.incidents")
    return {str(name): str(headline) for name, headline in rows}


def findings(place: Place) -> Rows:
    return place.ask(f"select {FOUND} from insights.anomalies order by all")


def test_the_list_has_a_line_for_each_incident_with_the_latest_first(built: Place) -> None:
    lines = built.must("list").splitlines()
    told = headlines(built)
    in_order = built.ask("select incident_id from insights.incidents order by period_end desc")
    assert [next(name for name in told if name in line) for line in lines] == [
        name for (name,) in in_order
    ]
    assert all(any(headline in line for line in lines) for headline in told.values())


def test_the_list_is_there_for_programs(built: Place) -> None:
    listed = json.loads(built.must("list as json"))
    columns = ("incident_id", "status", "severity", "headline")
    rows = built.ask(f"select {', '.join(columns)} from insights.incidents")
    assert sorted(tuple(row[name] for name in columns) for row in listed) == sorted(rows)


def test_an_incident_is_explained_with_all_its_anomalies_and_segments(built: Place) -> None:
    said = built.must("explain", id=saved.GERMAN_DAY)
    assert saved.GERMAN_DAY in said
    assert headlines(built)[saved.GERMAN_DAY] in said
    members = "select anomaly_id, kpi from insights.anomalies where incident_id = ?"
    assert all(
        str(name) in said and str(kpi) in said for name, kpi in built.ask(members, saved.GERMAN_DAY)
    )
    assert "Germany" in said


def test_a_saved_anomaly_is_explained_with_its_incident(built: Place) -> None:
    name, (kpi, _, grain, period, incident) = WEEKLY
    said = built.must("explain", id=name)
    assert all(word in said for word in (name, kpi, grain, period, incident))
    assert headlines(built)[incident] in said


def test_an_explanation_is_there_for_programs(built: Place) -> None:
    told = json.dumps(json.loads(built.must("explain as json", id="b06d8f244fa0")))
    assert all(name in told for name in (saved.GERMAN_DAY, "784ce706f9de", "b06d8f244fa0"))
    assert "Germany" in told


# --------------------------------------------------------------------------------- answering


def test_answers_are_honoured_by_the_next_run_and_seen_in_the_list(answered: Place) -> None:
    found = answered.statuses()
    assert found[saved.OUTAGE] == "acknowledged"
    assert found[saved.RETURNS] == "snoozed"
    assert found[saved.GERMAN_DAY] not in ("open", "acknowledged", "snoozed")
    assert found[saved.SLUMP] == "open"
    lines = {line.split()[0]: line for line in answered.must("list").splitlines()}
    assert "acknowledged" in lines[saved.OUTAGE]
    assert "snoozed" in lines[saved.RETURNS]
    assert "open" in lines[saved.SLUMP].split()
    assert "open" not in lines[saved.GERMAN_DAY].split()


def test_an_incident_that_is_called_real_stays(answered: Place) -> None:
    assert saved.RUSH in answered.must("explain", id=saved.RUSH)
    assert answered.statuses()[saved.RUSH] not in ("false", "acknowledged", "snoozed")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("explain", {}),
        ("acknowledge", {}),
        ("snooze", {"day": FAR_FUTURE}),
        ("label", {"verdict": "false"}),
    ],
)
def test_an_unknown_id_is_one_line_and_changes_nothing(
    own: Place, name: str, words: dict[str, str]
) -> None:
    before = own.database.read_bytes()
    assert NOBODY in the_line(own.run(name, id=NOBODY, **words))
    assert own.database.read_bytes() == before


def test_a_verdict_that_is_none_is_not_understood(own: Place) -> None:
    before = own.database.read_bytes()
    done = own.run("label", id=saved.SLUMP, verdict="perhaps")
    assert done.returncode == 2
    assert "perhaps" in done.stderr
    assert own.database.read_bytes() == before


# ------------------------------------------------------------------------------ as of a day


def test_as_of_a_day_nothing_later_is_told(built: Place, as_of: Place) -> None:
    day = shop.SLUMP
    late = "(period_start > ? or (grain = 'weekly' and period_start + 6 > ?))"
    assert as_of.ask(f"select * from insights.anomalies where {late}", day, day) == []
    assert built.ask(f"select * from insights.anomalies where {late}", day, day)
    assert as_of.ask("select * from insights.trends where window_end > ?", day) == []
    assert as_of.ask("select max(period_end) from insights.incidents") == [(day,)]
    assert set(as_of.statuses()) == saved.INCIDENTS
    latest = "select as_of from insights.runs order by started_at desc limit 1"
    assert as_of.ask(latest) == [(day,)]


def test_as_of_a_day_nothing_later_is_looked_at(as_of: Place, own: Place) -> None:
    with duckdb.connect(str(own.database)) as connection:
        for table in ("marts.fct_kpis_daily", "marts.fct_kpis_weekly"):
            connection.execute(
                f"update {table} set value = 7 * value, numerator = 7 * numerator "
                "where period_start > ?",
                [shop.SLUMP],
            )
    own.must("detect as of", day=shop.SLUMP)
    assert findings(own) == findings(as_of)
    assert len(findings(as_of)) > len(saved.INCIDENTS)
