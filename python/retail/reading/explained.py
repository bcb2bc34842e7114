"""Read the list of incidents, and everything that is known about one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from retail.errors import RetailError
from retail.reading.file import Connection, reading
from retail.reading.findings import (
    Explanation,
    lead_first,
    read_attributions,
    read_explanation,
    read_findings,
)
from retail.reading.measures import MOST_NEAR
from retail.reading.revisions import read_revised
from retail.reading.shop import KpiRow, read_kpis, read_money, read_products
from retail.schema import AnomalyRow, AttributionRow, FeedbackRow, IncidentRow

SHORTEST = 4
"""Letters of an id from which on it may stand for the whole one."""
ALIKE = 0.8
"""How much alike two ids must be for one to be said to be near: two letters of twelve differ."""


@dataclass(frozen=True)
class Listed:
    """Incidents, newest first, the unit of their money, and what became of settled figures."""

    incidents: tuple[IncidentRow, ...]
    money: str
    revised: tuple[str, ...]


@dataclass(frozen=True)
class Explained:
    """A finding, or all of an incident, with what the tables say; the first is the one to explain.

    `attributions` are those of all members; `money` is the unit of the shop's.
    """

    incident: IncidentRow
    members: tuple[AnomalyRow, ...]
    attributions: tuple[AttributionRow, ...]
    why: Explanation
    kpis: dict[str, KpiRow]
    products: dict[str, str]
    money: str
    said: tuple[FeedbackRow, ...]


def read_incidents(path: Path) -> Listed:
    """Incidents of the last finished run, newest first.

    Raises:
        ReadError: as for `reading`.
    """
    with reading(path) as connection:
        return Listed(
            read_findings(connection).incidents,
            read_money(connection),
            read_revised(connection),
        )


def read_explained(path: Path, name: str) -> Explained:
    """The incident of that name, or that an anomaly of that name belongs to.

    Raises:
        ReadError: as for `reading`.
        RetailError: nothing goes by that name.
    """
    with reading(path) as connection:
        return explain(connection, name)


def explain(connection: Connection, name: str) -> Explained:
    """The same, from a file that is open.

    Raises:
        RetailError: nothing goes by that name.
    """
    found = read_findings(connection)
    named = of_name(found.members, name)
    incident = next(r for r in found.incidents if r.incident_id == named[0].incident_id)
    members = lead_first(incident, named)
    return Explained(
        incident,
        members,
        read_attributions(connection, [row.anomaly_id for row in members]),
        read_explanation(connection, incident.incident_id),
        read_kpis(connection),
        read_products(connection),
        read_money(connection),
        found.said.get(incident.incident_id, ()),
    )


def of_name(members: Sequence[AnomalyRow], name: str) -> list[AnomalyRow]:
    """The anomaly of that name, or all of the incident of that name, which may be shortened.

    Raises:
        RetailError: nothing goes by that name, or several findings begin with it.
    """
    names = {key for row in members for key in (row.anomaly_id, row.incident_id)}
    begun = sorted(key for key in names if len(name) >= SHORTEST and key.startswith(name))
    if name not in names and len(begun) > 1:
        raise RetailError(f"{name}: several findings begin with it: {', '.join(begun[:MOST_NEAR])}")
    whole = name if name in names else "".join(begun)
    found = [row for row in members if whole in (row.anomaly_id, row.incident_id)]
    if not found:
        near = get_close_matches(name, names, 1, ALIKE)
        hint = f"the nearest is {near[0]}" if near else "`retail list` has them"
        hint = f"give at least {SHORTEST} letters of its id" if len(name) < SHORTEST else hint
        raise RetailError(f"{name}: no such anomaly or incident; {hint}")
    return found
