"""A file of an earlier version keeps what people said and what was sent, whatever builds on it.

`earlier_file.xz` is the DuckDB file of version 0.1.0 after: the daily job on this shop;
`detect ack` of the outage with a note; `detect snooze` of the returns until FAR_FUTURE;
`detect label … false` of the German day; and `alerts` to a webhook and by e-mail with the usual
settings, which sent the slump. Nothing was said of the rush, and nothing sent.
"""

from __future__ import annotations

import lzma
from pathlib import Path

import pytest

from blackbox import contract, saved, shop
from blackbox.conftest import Make, Place
from blackbox.receivers import ALL_OF_THEM, Receivers

EARLIER = Path(__file__).with_name("earlier_file.xz")


@pytest.fixture(scope="module")
def upgraded(once: Make) -> Place:
    """The earlier file after the job of today on the same source; read only."""

    def fill(place: Place) -> None:
        shop.write(place.source)
        place.database.write_bytes(lzma.decompress(EARLIER.read_bytes()))
        place.must("job")

    return once("upgraded", fill)


def test_what_people_said_is_still_honoured(upgraded: Place) -> None:
    found = upgraded.statuses()
    assert set(found) == saved.INCIDENTS
    assert found[saved.OUTAGE] == "acknowledged"
    assert found[saved.RETURNS] == "snoozed"
    assert found[saved.GERMAN_DAY] not in ("open", "acknowledged", "snoozed")
    assert {found[saved.RUSH], found[saved.SLUMP]} <= {"open", "recovered"}


def test_ids_and_earlier_runs_are_still_there(upgraded: Place) -> None:
    ids = dict(upgraded.ask("select anomaly_id, incident_id from insights.anomalies"))  # type: ignore[arg-type]
    assert {name: ids.get(name) for name in saved.ANOMALIES} == {
        name: about[-1] for name, about in saved.ANOMALIES.items()
    }
    assert len(upgraded.ask("select run_id from insights.runs where status = 'finished'")) == 2


def test_the_tables_are_those_of_a_new_file(upgraded: Place, built: Place) -> None:
    for table in contract.TABLES:
        if table.startswith("marts."):
            names = ", ".join(name for name, _ in contract.columns(table))
            query = f"select {names} from {table} order by all"
            assert upgraded.ask(query) == built.ask(query), table


def test_only_what_was_neither_sent_nor_answered_is_sent(
    upgraded: Place, tmp_path: Path, receivers: Receivers
) -> None:
    upgraded.copy(tmp_path).must("alerts", receivers.settings | ALL_OF_THEM)
    assert receivers.posted() == receivers.mailed() == [saved.RUSH, saved.SLUMP]
    assert "worse" in str(receivers.web.json[-1]["text"]).splitlines()[0]  # critical now
