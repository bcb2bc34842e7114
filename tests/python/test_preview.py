"""What other settings of a KPI would have found: as a run with those settings finds it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest

from conftest import Shop
from retail.commands import main as retail
from retail.jobs.detection import pipeline
from retail.jobs.detection.preview import PreviewError, preview
from retail.outputs import preview as shown

KPI = "total_revenue"


def anomalies(path: Path) -> set[str]:
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.execute("select anomaly_id from insights.anomalies where kpi = ?", [KPI])
        return {name for (name,) in rows.fetchall()}


@pytest.mark.parametrize(
    ("setting", "column", "value"),
    [("thresholds.confidence", "min_confidence", 0.8), ("thresholds.z", "z_threshold", 50.0)],
)
def test_a_run_with_the_setting_finds_what_the_preview_says(
    detected: Shop, tmp_path: Path, setting: str, column: str, value: float
) -> None:
    path = tmp_path / "shop.duckdb"
    shutil.copyfile(detected.database, path)
    found = preview(path, KPI, {setting: value})
    assert {a.anomaly_id for a in found.now.findings} == anomalies(path)
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            f"update marts.dim_kpis set {column} = ? where kpi = ?",
            [value, KPI],
        )
    pipeline.run(path)
    assert {a.anomaly_id for a in found.then.findings} == anomalies(path)
    assert not found.new
    assert len(found.gone) == len(found.now.findings) - len(found.then.findings)


def test_both_forms_tell_the_same_figures(
    detected: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ["preview", KPI, "--set", "thresholds.confidence=0.9", "--db", str(detected.database)]
    assert retail(typed) == 0
    text = capsys.readouterr().out
    assert retail([*typed, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["settings"] == {"thresholds.confidence": {"now": 0.5, "then": 0.9}}
    assert "thresholds.confidence 0.9 instead of 0.5" in text
    for name in told["now"]:
        (line,) = [
            x for x in text.splitlines() if x.startswith(name.replace("_", " ").capitalize())
        ]
        assert [float(x) for x in line.split()[-2:]] == [told["now"][name], told["then"][name]]
    assert ("No longer reported" in text) == bool(told["no_longer_reported"])


@pytest.mark.parametrize(
    ("kpi", "changes", "said"),
    [
        ("revenue", {"thresholds.z": 4.0}, "there is no KPI 'revenue'"),
        (KPI, {"thresholds.x": 4.0}, "there is no setting 'thresholds.x'; use one of thresholds.z"),
        (KPI, {"thresholds.confidence": 1.0}, "thresholds.confidence is 1; allowed: a number bet"),
        (KPI, {"thresholds.z": -1.0}, "thresholds.z is -1; allowed: a number above 0"),
        (KPI, {"thresholds.iqr": 0.0}, "thresholds.iqr is 0; allowed: a number above 0"),
        (KPI, {"materiality.absolute": -1.0}, "materiality.absolute is -1; allowed: a number of 0"),
        (KPI, {"materiality.relative": float("nan")}, "materiality.relative is nan; allowed"),
    ],
)
def test_what_is_no_setting_is_refused(
    shop_db: Path, kpi: str, changes: dict[str, float], said: str
) -> None:
    with pytest.raises(PreviewError, match=said):
        preview(shop_db, kpi, changes)


def test_a_word_is_no_number(shop_db: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert retail(["preview", KPI, "--set", "thresholds.z=four", "--db", str(shop_db)]) == 2
    assert "'thresholds.z=four' is no number" in capsys.readouterr().err


def test_the_present_setting_changes_nothing(shop_db: Path) -> None:
    found = preview(shop_db, KPI, {"thresholds.z": 3.0})
    assert (found.gone, found.new) == ([], [])
    assert shown.text(found).splitlines()[1].strip() == "thresholds.z 3 instead of 3"


def test_a_floor_above_everything_leaves_only_low_findings_of_members(shop_db: Path) -> None:
    found = json.loads(shown.as_json(preview(shop_db, KPI, {"materiality.absolute": 1e9})))
    assert found["then"]["of_medium_severity_or_more"] == 0
    assert found["then"]["findings_of_the_whole_shop"] == 0
    assert found["then"]["findings_of_its_members"] == found["now"]["findings_of_its_members"]
