"""What may be asked: the arguments of each tool. A name that no argument has is refused."""

from __future__ import annotations

import datetime as dt
import json
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from retail.schema import Grain

Status = Literal[
    "open", "recovered", "acknowledged", "snoozed", "false", "real", "one-off", "new normal", "any"
]
"""Statuses of `retail.feedback.status`, and all of them."""
Severity = Literal["low", "medium", "high", "critical"]
MOST_INCIDENTS, MOST_PERIODS = 100, 400
"""More rows than this are no answer that anybody reads."""
KPI = "Name of a KPI, such as total_revenue."


def _object(given: object) -> object:
    """An object, which some clients send as its JSON text."""
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:
        return given


Kpi = Annotated[str, Field(description=KPI)]
OneKpi = Annotated[str | None, Field(description=f"{KPI} Without it, all.")]
Pace = Annotated[
    Grain | None, Field(description="Days or weeks. Without it, the cadence of each KPI.")
]
Segment = Annotated[
    dict[str, str],
    BeforeValidator(_object),
    Field(
        description="Dimension to member, such as {\"country\": \"France\"}; all of it must hold. "
        "Without it, the whole shop."
    ),
]  # fmt: skip


class Question(BaseModel):
    """Arguments of a tool."""

    model_config = ConfigDict(extra="forbid")


class StateQuestion(Question):
    """Each KPI in its newest complete day or week: value, expected value, usual range, status."""

    kpi: OneKpi = None
    grain: Pace = None


class IncidentsQuestion(Question):
    """Incidents, the newest first: what moved, how sure that is, the money at stake."""

    status: Annotated[
        Status, Field(description="What people made of it; `recovered` is over by itself.")
    ] = "open"
    least_severity: Annotated[Severity | None, Field(description="This one, or a worse.")] = None
    since: Annotated[dt.date | None, Field(description="Those that touch this day or later.")] = (
        None
    )
    most: Annotated[int, Field(ge=1, le=MOST_INCIDENTS, description="How many at most.")] = 10


class ExplainQuestion(Question):
    """An incident or an anomaly: its story, its findings, their segments, causes and checks."""

    id: Annotated[
        str,
        Field(description="Id of an incident or an anomaly; its first four letters may do."),
    ]


class WhyQuestion(Question):
    """Why a KPI differs between two periods or from its forecast: what each member and factor adds.

    The periods may be any, with or without an anomaly.
    """

    kpi: Kpi
    first: Annotated[dt.date, Field(description="First day of the period.")]
    last: Annotated[dt.date, Field(description="Its last day.")]
    against_first: Annotated[
        dt.date | None,
        Field(
            description="First day of what it is compared with. Without both, as many days before."
        ),
    ] = None
    against_last: Annotated[dt.date | None, Field(description="The last day of that.")] = None
    against_forecast: Annotated[
        bool, Field(description="Compare with what was expected of the same days instead.")
    ] = False
    segment: Segment = Field(default_factory=dict)
    dimension: Annotated[
        str | None,
        Field(description="All members of this dimension, instead of the largest of each."),
    ] = None


class SeriesQuestion(Question):
    """A KPI period by period, beside the value expected and the usual range."""

    kpi: Kpi
    grain: Pace = None
    segment: Segment = Field(default_factory=dict)
    first: Annotated[
        dt.date | None, Field(description="Periods from this day on. Without it, the latest.")
    ] = None
    last: Annotated[dt.date | None, Field(description="Periods up to this day.")] = None
    most: Annotated[
        int, Field(ge=1, le=MOST_PERIODS, description="How many at most, the latest.")
    ] = 30


class DetectionLimitsQuestion(Question):
    """The smallest change that each KPI would have shown in its last tested period."""

    kpi: OneKpi = None
    grain: Pace = None


class DefinitionsQuestion(Question):
    """What can be asked for: KPIs with their meaning, dimensions with members, tables."""

    dimension: Annotated[
        str | None, Field(description="More members of this dimension, of no other.")
    ] = None
    containing: Annotated[
        str | None, Field(description="Only members with this in their name.")
    ] = None
