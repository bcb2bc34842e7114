"""What would have gone unseen, as the report says it."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, Field

from retail.outputs.mcp import figures
from retail.outputs.mcp.data import Answer, read_data
from retail.outputs.mcp.figures import Figure
from retail.outputs.mcp.questions import DetectionLimitsQuestion
from retail.outputs.report import cells, trust
from retail.reading import Connection, KpiRow, read_kpis, read_table
from retail.reading.measures import require_known
from retail.schema import ALL, DetectionLimitRow, Grain


class DetectionLimit(BaseModel):
    """The smallest change that a KPI would have shown in its last tested period."""

    kpi: str
    label: str
    grain: Grain
    period_start: dt.date
    sentence: str
    expected: Figure
    seen_from: Figure = Field(
        description="Lowest value that would have been reported as a rise; empty where none would."
    )
    seen_below: Figure = Field(
        description="Highest value that would have been reported as a drop; empty where none would."
    )


class DetectionLimitsAnswer(Answer):
    """What would have gone unseen; a KPI that was not tested has none."""

    detection_limits: list[DetectionLimit]


def detection_limits(
    connection: Connection, question: DetectionLimitsQuestion
) -> DetectionLimitsAnswer:
    """Read the detection limits of one KPI or of all, of the whole shop."""
    kpis = read_kpis(connection)
    if question.kpi:
        require_known("KPI", question.kpi, kpis)
    rows = read_table(
        connection, DetectionLimitRow, "detection_limits",
        "where segment = ? order by kpi, grain", [ALL],
    )  # fmt: skip
    return DetectionLimitsAnswer(
        data=read_data(connection),
        detection_limits=[
            _detection_limit(row, kpis[row.kpi])
            for row in rows
            if question.kpi in (None, row.kpi)
            and row.grain == (question.grain or kpis[row.kpi].cadence)
        ],
    )


def _detection_limit(row: DetectionLimitRow, kpi: KpiRow) -> DetectionLimit:
    line = trust.detection_limit(row, kpi)
    rise, drop = (
        figures.of(cells.detection_limit(row, column, kpi.unit))
        for column in ("min_detectable_increase", "min_detectable_decrease")
    )
    return DetectionLimit(
        kpi=row.kpi,
        label=line.label,
        grain=row.grain,
        period_start=row.period_start,
        sentence=line.sentence,
        expected=figures.of(line.expected),
        seen_from=rise,
        seen_below=drop,
    )
