"""Ground truth: what was simulated, what was planted, and what that moved."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from retail.simulate.incidents.market import Target
from retail.simulate.incidents.perturb import Strike
from retail.simulate.incidents.spec import KINDS, Direction, main_kpis
from retail.simulate.lines import MILLS
from retail.storage.durable import put_in_place

MONEY = frozenset({"gross_revenue", "returned_revenue", "net_revenue"})


@dataclass(frozen=True, slots=True)
class PlantedIncident:
    """One incident as it was planted.

    Attributes:
        nth: its number in the file, from 1.
        target: the incident with its segment filled in, and the stock codes it hit.
        kpis: KPIs it mainly moves, the clearest first → direction; empty: nothing must move.
        strikes: what it did, one entry per trading day.
    """

    nth: int
    target: Target
    kpis: dict[str, Direction]
    strikes: tuple[Strike, ...]

    @property
    def touched(self) -> int:
        """Rows added, removed or changed."""
        return sum(one.added + one.removed + one.changed for one in self.strikes)

    def to_json(self) -> dict[str, Any]:
        """Return what goes into the truth file; money in pounds."""
        incident = self.target.incident
        codes = self.target.stock_codes
        return {
            "incident": self.nth,
            "kind": incident.kind,
            "does": KINDS[incident.kind].does,
            "start": incident.start.isoformat(),
            "end": max(one.day for one in self.strikes).isoformat(),
            "days": [one.day.isoformat() for one in self.strikes],
            "size": incident.amount,
            "size_means": KINDS[incident.kind].size,
            "reversal": incident.reversal,
            "segment": dict(incident.segment),
            "stock_codes": None if codes is None else sorted(codes),
            "kpis": self.kpis,
            "direction": next(iter(self.kpis.values()), "none"),
            "rows": {
                name: sum(getattr(one, name) for one in self.strikes)
                for name in ("added", "removed", "changed")
            },
            "measures": _totals(self.strikes, "before", "after"),
            "segment_measures": _totals(self.strikes, "segment_before", "segment_after"),
        }


@dataclass(frozen=True, slots=True)
class GroundTruth:
    """What a file holds.

    Attributes:
        rows: data rows.
        start, end: first and last calendar day covered.
        seed: seed of the luck.
        shop: the shop's settings; empty for a file that was not simulated.
        incidents: what was planted, in the order asked for.
        out: where the file is; None for a table in memory.
    """

    rows: int
    start: date
    end: date
    seed: int
    shop: dict[str, Any]
    incidents: tuple[PlantedIncident, ...]
    out: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what goes into the truth file; the same for the same request, wherever it is."""
        return {
            "rows": self.rows,
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "seed": self.seed,
            "shop": self.shop,
            "incidents": [incident.to_json() for incident in self.incidents],
        }


def planted(targets: tuple[Target, ...], strikes: Iterable[Strike]) -> tuple[PlantedIncident, ...]:
    """Gather what each incident did."""
    all_strikes = tuple(strikes)
    return tuple(
        PlantedIncident(
            nth=nth + 1,
            target=target,
            kpis=main_kpis(target.incident),
            strikes=tuple(one for one in all_strikes if one.nth == nth),
        )
        for nth, target in enumerate(targets)
    )


def truth_path(out: Path) -> Path:
    """Return where the ground truth of a file or folder goes: beside it, never inside."""
    return out.with_name(f"{out.name}.truth.json")


def write_truth(truth: GroundTruth, path: Path) -> None:
    """Write ground truth as JSON, onto the final name in one step."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(json.dumps(truth.to_json(), indent=2) + "\n", encoding="utf-8")
    put_in_place(part, path)


def _totals(strikes: tuple[Strike, ...], before: str, after: str) -> dict[str, dict[str, float]]:
    """Sum each measure over the days (active customers are counted once per day)."""
    return {
        when: {
            name: _unit(name, sum(getattr(one, field)[name] for one in strikes))
            for name in getattr(strikes[0], field)
        }
        for when, field in (("undisturbed", before), ("disturbed", after))
    }


def _unit(name: str, value: int) -> float:
    return value / MILLS if name in MONEY else value
