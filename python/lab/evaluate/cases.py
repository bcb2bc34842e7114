"""Published cases of root-cause localisation: how many of the planted elements the search finds.

A folder holds cases in one of two layouts. Injections (Squeeze, RiskLoc): `injection_info.csv` with
the columns timestamp and set, and per case a table of leaves with real and predict, or two (.a and
.b) whose quotient is the measure. Success rates (RobustSpot): `anomaly.yaml` with data, timestamp
and cause, and per case a table of leaves by minute with value (failures) and cnt; what was expected
is the mean of the four minutes before. An element counts where all its dimensions and members are
right; F1 comes from sums over all cases, as in the RiskLoc repository (arXiv 2205.10004).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from detect.attribution.search import find_root_causes
from lab.evaluate import shops
from retail.errors import RetailError

PAST_MINUTES = 4
MEASURES = ("real", "predict")
Element = frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Case:
    """Leaves, their dimensions, whether the measure is a ratio, and the planted elements."""

    leaves: pd.DataFrame
    dimensions: list[str]
    derived: bool
    truth: frozenset[Element]


@dataclass(frozen=True)
class Result:
    """Elements rightly named, wrongly named and missed, over all cases; seconds per case."""

    name: str
    cases: int
    right: int
    wrong: int
    missed: int
    seconds: float

    @property
    def f1(self) -> float:
        """Twice the right ones against all named and all planted."""
        return 2 * self.right / max(2 * self.right + self.wrong + self.missed, 1)


def judge(folder: Path) -> Result:
    """Search every case of a folder.

    Raises:
        RetailError: there is no case in it.
    """
    totals, spent, count = np.zeros(3, dtype=np.int64), 0.0, 0
    for case in read(folder):
        started = time.perf_counter()
        answers = find_root_causes(case.leaves, case.dimensions, case.derived)
        spent += time.perf_counter() - started
        found = {_element(answer.items()) for answer in answers}
        hits = len(found & case.truth)
        totals += (hits, len(found) - hits, len(case.truth) - hits)
        count += 1
    if not count:
        raise RetailError(f"{folder}: no injection_info.csv or anomaly.yaml with cases in it")
    right, wrong, missed = map(int, totals)
    return Result(folder.name, count, right, wrong, missed, spent / count)


def read(folder: Path) -> Iterator[Case]:
    """The cases of a folder and of those in it, in order of their names."""
    for info in sorted(folder.rglob("injection_info.csv")):
        for row in pd.read_csv(info, dtype=str).to_dict("records"):
            yield from _injection(info.parent, str(row["timestamp"]), str(row["set"]))
    for info in sorted(folder.rglob("anomaly.yaml")):
        seen: set[str] = set()
        for entry in yaml.safe_load(info.read_text(encoding="utf-8")):
            name = str(entry["data"])
            if name not in seen and (info.parent / f"{name}.csv").is_file():
                seen.add(name)
                yield _success_rate(info.parent / f"{name}.csv", entry)


def _injection(folder: Path, name: str, planted: str) -> Iterator[Case]:
    truth = frozenset(
        _element(part.split("=", 1) for part in element.split("&"))
        for element in planted.split(";")
        if element
    )
    whole, top = _table(folder / name), _table(folder / f"{name}.a")
    if whole is not None:
        yield Case(whole, sorted(whole.columns.drop(list(MEASURES))), False, truth)
    bottom = _table(folder / f"{name}.b")
    if top is not None and bottom is not None:
        dimensions = sorted(top.columns.drop(list(MEASURES)))
        both = top.merge(bottom, on=dimensions, suffixes=("_a", "_b"))
        yield Case(both.fillna(0.0), dimensions, True, truth)


def _table(stem: Path) -> pd.DataFrame | None:
    """A table of leaves, CSV or Parquet; None where there is none."""
    written, packed = (stem.with_name(f"{stem.name}{end}") for end in (".csv", ".parquet"))
    if packed.is_file():
        return shops.read_parquet(packed)
    return pd.read_csv(written) if written.is_file() else None


def _success_rate(path: Path, entry: dict[str, object]) -> Case:
    raw = pd.read_csv(path)
    dimensions = [c for c in raw.columns if c not in ("min", "value", "cnt")]
    raw["value"] = raw["cnt"] - raw["value"]
    raw[dimensions] = raw[dimensions].astype(str)
    at = int(str(entry["timestamp"]))
    past = raw[raw["min"].isin([at - 60 * back for back in range(1, PAST_MINUTES + 1)])]
    mean = past.groupby(dimensions, as_index=False)[["value", "cnt"]].mean()
    now = raw[raw["min"] == at].merge(mean, on=dimensions, how="left", suffixes=("", "_p"))
    leaves = now.fillna(0.0).rename(
        columns={"value": "real_a", "cnt": "real_b", "value_p": "predict_a", "cnt_p": "predict_b"}
    )
    given = entry["cause"]
    causes = given if isinstance(given, list) else [given]
    return Case(leaves, dimensions, True, frozenset(_element(c.items()) for c in causes))


def _element(pairs: Iterable[Iterable[object]]) -> Element:
    """A combination as a set of texts."""
    return frozenset((str(name), str(member)) for name, member in pairs)
