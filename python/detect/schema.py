"""The insights tables: names and meanings that other programs rely on."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """A column, its type in the file, and how to get it from a record."""

    name: str
    type: str
    get: Callable[[object], object]


@dataclass(frozen=True)
class Table:
    """A table of the insights schema; one that keeps history is appended to, not replaced."""

    columns: tuple[Column, ...]
    keeps_history: bool = False


def _columns(text: str) -> tuple[Column, ...]:
    """Columns from lines of `name TYPE [attribute path where it differs from the name]`."""
    lines = (line.split() for line in text.strip().splitlines())
    return tuple(
        Column(name, kind, operator.attrgetter(path[0] if path else name))
        for name, kind, *path in lines
    )


ATTRIBUTION = """
    analysis        VARCHAR
    rank            BIGINT
    dimensions      VARCHAR
    segment         JSON
    actual          DOUBLE
    expected        DOUBLE
    contribution    DOUBLE
    share_of_change DOUBLE
    effect          VARCHAR
    volume          DOUBLE
    mix             DOUBLE
    rate            DOUBLE
    p_value         DOUBLE
    low             DOUBLE
    high            DOUBLE
    unexplained     DOUBLE
    stability       DOUBLE
    confidence      DOUBLE
"""
"""What a breakdown or a cause says, whatever it belongs to."""

TABLES: dict[str, Table] = {
    "anomalies": Table(_columns("""
        anomaly_id   VARCHAR
        kpi          VARCHAR kpi.name
        segment      VARCHAR
        grain        VARCHAR
        period_start DATE
        actual       DOUBLE
        expected     DOUBLE
        lower        DOUBLE
        upper        DOUBLE
        direction    VARCHAR
        z_score      DOUBLE
        iqr_score    DOUBLE
        p_value      DOUBLE
        confidence   DOUBLE
        severity     VARCHAR
        methods      VARCHAR
        incident_id  VARCHAR
        effect       VARCHAR
        owner        VARCHAR kpi.owner
        status       VARCHAR
        change       DOUBLE
        relative_change DOUBLE
    """)),
    "early_warnings": Table(_columns("""
        warning_id   VARCHAR anomaly_id
        kpi          VARCHAR kpi.name
        segment      VARCHAR
        grain        VARCHAR
        period_start DATE
        at_least     DOUBLE actual
        expected     DOUBLE
        upper        DOUBLE
        p_value      DOUBLE
        confidence   DOUBLE
        severity     VARCHAR
        methods      VARCHAR
        incident_id  VARCHAR
        effect       VARCHAR
        owner        VARCHAR kpi.owner
        status       VARCHAR
        change       DOUBLE
        relative_change DOUBLE
    """)),
    "trends": Table(_columns("""
        kpi          VARCHAR kpi.name
        segment      VARCHAR
        grain        VARCHAR
        window_start DATE
        window_end   DATE
        direction    VARCHAR
        tau          DOUBLE
        slope        DOUBLE
        p_value      DOUBLE
        confidence   DOUBLE
        method       VARCHAR
        change       DOUBLE
        detected_on  DATE
    """)),
    "attributions": Table(_columns(f"anomaly_id VARCHAR{ATTRIBUTION}")),
    "kpi_tree": Table(_columns("""
        incident_id  VARCHAR
        grain        VARCHAR
        period_start DATE
        dimension    VARCHAR
        member       VARCHAR
        factor       VARCHAR
        expected     DOUBLE
        actual       DOUBLE
        contribution DOUBLE
    """)),
    "doubts": Table(_columns("""
        incident_id  VARCHAR
        check_name   VARCHAR
        verdict      VARCHAR
        detail       VARCHAR
        figures      JSON
    """)),
    "early_attributions": Table(_columns(f"warning_id VARCHAR anomaly_id{ATTRIBUTION}")),
    "incidents": Table(_columns("""
        incident_id  VARCHAR
        period_start DATE
        period_end   DATE
        severity     VARCHAR
        confidence   DOUBLE
        headline     VARCHAR
        narrative    VARCHAR
        root_cause   JSON
        lead_anomaly_id VARCHAR lead.anomaly_id
        anomalies    BIGINT size
        status       VARCHAR
        is_provisional BOOLEAN
        narrative_rewritten VARCHAR
    """)),
    "calibration": Table(_columns("""
        kpi       VARCHAR
        grain     VARCHAR
        method    VARCHAR
        promised  DOUBLE
        tests     BIGINT
        alerts    BIGINT
        realised  DOUBLE
        lower     DOUBLE
        upper     DOUBLE
        is_within BOOLEAN
    """)),
    "blind_spots": Table(_columns("""
        kpi           VARCHAR
        segment       VARCHAR
        grain         VARCHAR
        period_start  DATE
        expected      DOUBLE
        smallest_up   DOUBLE
        smallest_down DOUBLE
        up_change     DOUBLE
        down_change   DOUBLE
    """)),
    "expectations": Table(_columns("""
        kpi          VARCHAR
        segment      VARCHAR
        grain        VARCHAR
        period_start DATE
        actual       DOUBLE
        expected     DOUBLE
        lower        DOUBLE
        upper        DOUBLE
        is_tested    BOOLEAN
        why_not      VARCHAR
        adjusted     DOUBLE
    """)),
    "canaries": Table(
        _columns("""
        kpi          VARCHAR
        segment      VARCHAR
        grain        VARCHAR
        period_start DATE
        change       DOUBLE
        planted      DOUBLE
        confidence   DOUBLE
        is_caught    BOOLEAN
    """)
    ),
    "explanations": Table(_columns("""
        subject     VARCHAR
        fingerprint VARCHAR
    """)),
    "feedback": Table(_columns("""
        anomaly_id VARCHAR
        kpi        VARCHAR
        segment    VARCHAR
        action     VARCHAR
        until      DATE
        note       VARCHAR
        given_at   TIMESTAMP
    """), keeps_history=True),
    "alerts": Table(_columns("""
        incident_id     VARCHAR
        lead_anomaly_id VARCHAR
        channel         VARCHAR
        reason          VARCHAR
        severity        VARCHAR
        confidence      DOUBLE
        sent_at         TIMESTAMP
    """), keeps_history=True),
    "rewrites": Table(_columns("""
        incident_id  VARCHAR
        narrative    VARCHAR
        rewritten    VARCHAR
        verdict      VARCHAR
        model        VARCHAR
        asked_at     TIMESTAMP
    """), keeps_history=True),
    "runs": Table(_columns("""
        run_id       VARCHAR
        started_at   TIMESTAMP
        finished_at  TIMESTAMP
        as_of        DATE
        status       VARCHAR
        source       VARCHAR
        source_rows  BIGINT
        anomalies    BIGINT
        code_version VARCHAR
    """), keeps_history=True),
}  # fmt: skip
