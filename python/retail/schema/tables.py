"""The records of the insights tables: one `...Row` per table that a run writes.

A field is a column everywhere: file, readers, documentation. `...Row` sets these records apart from
those of the engine (`detect.records`), which they are written from.

Give a field `Annotated[type, description]`, in the table's order. The type `float | None` says
that the column may be NULL. Then run `retail schema`, which writes the YAML for dbt.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

from detect.records import PERIOD_TO_DATE, Grain
from retail.schema.reflection import FromAttribute, Table

Number = float | None


# Descriptions of columns that several tables have.
RUN_ID = "Id of the run."
INCIDENT_ID = "Id of the incident, the same in every run."
ANOMALY_ID = "Id of the anomaly, the same in every run."
WARNING_ID = "Id of the early warning, the same in every run."
LEAD = "Finding that represents the incident; a row of `anomalies` or of `early_warnings`."
NARRATIVE = (
    "What moved, and what was checked, as a short paragraph; every figure in it is in these tables."
)
ANOMALIES = "How many anomalies it holds, early warnings of an incident included."
DIMENSION = (
    "Dimension whose member it is about; of the whole shop NULL in `anomalies` and `all` in "
    "`revenue_drivers` and `members_daily`."
)
MEMBER = "The segment within the dimension; `all` for the whole shop."
ORDER_DATE = "Calendar day of the order line."
INPUT_HASH = (
    "Hash of the code and of all that the row follows from, order lines too: while it is the same, "
    "the next run keeps the row. NULL where the tables don't tell whether order lines changed."
)
SHIFT_START = (
    "First period of the lasting change that the period is part of, and before which the expected "
    "is as it was; NULL where there is none."
)
CONTRIBUTION = (
    "What it adds to the change that is broken down: the anomaly's, in the KPI's unit, or that of "
    "net revenue."
)
RELATIVE_CHANGE = (
    "The change as a part of what was there without it: the expected, the value at the window's "
    "start, or the real value where a change is injected; empty where that is zero."
)
VERDICT = "Outcome of a check in a word or two, `not tested` where too little is known."


def _doc(name: str) -> str:
    """A description that other tables share: a docs block of models/columns.md."""
    return f'{{{{ doc("{name}") }}}}'


@dataclass(frozen=True)
class IncidentRow:
    """One row per group of findings with one cause, described in words. Start here."""

    incident_id: Annotated[str, INCIDENT_ID]
    period_start: Annotated[dt.date, "First day that it touches."]
    period_end: Annotated[dt.date, "Last day that it touches."]
    severity: Annotated[str, _doc("severity")]
    confidence: Annotated[float, _doc("confidence")]
    headline: Annotated[str, "What moved, how far, when, and where it comes from, in one line."]
    narrative: Annotated[str, NARRATIVE]
    root_cause: Annotated[
        dict[str, str],
        "Segment to blame, as a JSON object of dimension to member; `{}` where the change is "
        "broad.",
    ]
    lead_anomaly_id: Annotated[str, LEAD, FromAttribute("lead.anomaly_id")]
    anomalies: Annotated[int, ANOMALIES, FromAttribute("size")]
    status: Annotated[str, _doc("finding_status")]
    is_provisional: Annotated[bool, "TRUE where it rests on a period that is not over."]
    favourability: Annotated[str, _doc("favourability")]
    impact: Annotated[
        Number,
        "Money at stake, signed, in the shop's currency: net revenue, actual less expected, over "
        "the incident's periods; of an incident of members, theirs, and of those that are gone, "
        "until they were sold again or count as discontinued. NULL where the period is not over, "
        "or net revenue was not forecast.",
    ]
    impact_lower: Annotated[Number, "Lower end of the impact's 95 % interval."]
    impact_upper: Annotated[Number, "Upper end of the impact's 95 % interval."]
    impact_returned: Annotated[
        Number,
        "What of the sales in these periods was cancelled whole on a later day, up to the run's "
        "last day, beyond what usually is; it is not taken off the impact. NULL where that is not "
        "known for the members.",
    ]
    recovered_on: Annotated[
        dt.date | None,
        "Last day of the periods by which it counts as over: each of its series back in its usual "
        "range for three days, or one week, in a row; a product that was gone sold again, or "
        "without an order for eight weeks. NULL while it goes on.",
    ]
    events: Annotated[str, "Planned events of `seeds/events.csv` on its days, separated by commas."]


@dataclass(frozen=True)
class AnomalyRow:
    """One row per KPI, segment and period that departs from what was expected."""

    anomaly_id: Annotated[str, ANOMALY_ID]
    kpi: Annotated[str, _doc("kpi"), FromAttribute("kpi.name")]
    segment: Annotated[str, _doc("segment")]
    dimension: Annotated[str | None, DIMENSION]
    grain: Annotated[Grain, _doc("grain")]
    period_start: Annotated[dt.date, _doc("period_start")]
    actual: Annotated[float, _doc("actual")]
    expected: Annotated[float, _doc("expected")]
    lower: Annotated[Number, _doc("band_lower")]
    upper: Annotated[float, _doc("band_upper")]
    direction: Annotated[str, "`up` or `down` from what was expected."]
    z_score: Annotated[Number, "Standardised distance from the expected, on the KPI's scale."]
    iqr_score: Annotated[
        Number,
        "Distance beyond the nearer quartile of the usual residuals, in interquartile ranges.",
    ]
    p_value: Annotated[
        Number, "Probability of a departure this large by chance, all methods together."
    ]
    confidence: Annotated[float, _doc("confidence")]
    severity: Annotated[str, _doc("severity")]
    methods: Annotated[str, "Detectors that agreed, separated by commas."]
    incident_id: Annotated[str, INCIDENT_ID]
    favourability: Annotated[str, _doc("favourability")]
    owner: Annotated[str, _doc("kpi_owner"), FromAttribute("kpi.owner")]
    status: Annotated[str, _doc("finding_status")]
    change: Annotated[Number, "Actual less expected, in the KPI's unit."]
    relative_change: Annotated[Number, RELATIVE_CHANGE]
    shift_start: Annotated[dt.date | None, SHIFT_START]
    typical_label: Annotated[
        str | None,
        "What the typical order shows beside it, where that speaks for it; NULL elsewhere.",
    ]
    typical_unit: Annotated[str | None, "Its unit."]
    typical_actual: Annotated[Number, "What came of it."]
    typical_expected: Annotated[Number, "What was expected of it."]

    @property
    def is_early(self) -> bool:
        """Whether the period is not over: `actual` is then a lower bound of its final value."""
        return self.methods.startswith(PERIOD_TO_DATE)


@dataclass(frozen=True)
class TrendRow:
    """One row per gradual change of a series."""

    kpi: Annotated[str, _doc("kpi"), FromAttribute("kpi.name")]
    segment: Annotated[str, _doc("segment")]
    grain: Annotated[Grain, _doc("grain")]
    window_start: Annotated[dt.date, "First period of the change."]
    window_end: Annotated[dt.date, "Last period of the change so far."]
    direction: Annotated[str, "`increasing` or `decreasing`."]
    tau: Annotated[
        Number,
        "Kendall's tau against time of `forecasts.adjusted`, from window_start to window_end, "
        "as pymannkendall gives it.",
    ]
    slope: Annotated[
        Number,
        "Sen's slope of the KPI's own values in the window (weekday and season are in them), in "
        "its unit per period of the grain; closed and incomplete periods are left out.",
    ]
    p_value: Annotated[
        Number,
        "P-value of pymannkendall's test of those values (`method`), with its defaults. "
        "Confidence is lower than this suggests: it corrects for the number of windows tested.",
    ]
    confidence: Annotated[float, _doc("confidence")]
    method: Annotated[
        str,
        "The more cautious of pymannkendall's tests: `mann_kendall` is original_test, "
        "`mann_kendall_hamed_rao` is hamed_rao_modification_test.",
    ]
    kind: Annotated[
        str,
        "`abnormal`: a member whose share changed, or a KPI that differs from the year before; "
        "`seasonal`: it does not; `unknown`: there is nothing to compare with.",
    ]
    relative_change: Annotated[Number, RELATIVE_CHANGE]
    detected_on: Annotated[dt.date, "Period in which it could first be seen."]


@dataclass(frozen=True)
class AttributionRow:
    """One row per segment that an anomaly was broken down to.

    Within an anomaly and a dimension the contributions of `analysis = 'breakdown'` add up to
    actual less expected.
    """

    anomaly_id: Annotated[str, ANOMALY_ID]
    analysis: Annotated[
        str,
        "`breakdown`: one dimension at a time; `root_cause`: the best combination; `ruled_out`, "
        "where nothing recorded explains the change: the nearest member of each dimension.",
    ]
    rank: Annotated[int, "Rank of the segment, from 1, the largest contribution first."]
    dimensions: Annotated[str, "Dimensions of the segment, separated by commas."]
    segment: Annotated[
        dict[str, str],
        "The segment as a JSON object of dimension to member, named as in `fct_segments_daily`; "
        "`(other)` is what is in no segment listed.",
    ]
    actual: Annotated[Number, _doc("actual")]
    expected: Annotated[Number, _doc("expected")]
    contribution: Annotated[float, CONTRIBUTION]
    share_of_change: Annotated[Number, "Contribution as a share of the change."]
    effect: Annotated[
        str,
        "How the segment moved the whole: by `volume`, `mix` or `rate`, whichever did most; a root "
        "cause, which is not split into them, moved it `up` or `down`.",
    ]
    volume: Annotated[
        Number,
        "Part that comes from the whole having grown; for a ratio these add up to nothing.",
    ]
    mix: Annotated[Number, "Part that comes from the segment's share of the whole."]
    rate: Annotated[Number, "Part that comes from the segment's own value."]
    p_value: Annotated[Number, "P-value of the segment against its own periods before."]
    low: Annotated[Number, "Lower end of the contribution's 95 % interval; root causes only."]
    high: Annotated[Number, "Upper end of the contribution's 95 % interval; root causes only."]
    unexplained: Annotated[
        Number, "What this cause and better ones leave of the change; root causes only."
    ]
    stability: Annotated[
        Number, "Share of other baselines that name the same cause; root causes only."
    ]
    cause_confidence: Annotated[Number, "How surely this is the cause to name; root causes only."]


@dataclass(frozen=True)
class DriverRow:
    """One row per factor of net revenue and segment, in the period that leads an incident.

    Contributions add up over members to `member = 'all'`, and over factors to the change of net
    revenue.
    """

    incident_id: Annotated[str, INCIDENT_ID]
    grain: Annotated[Grain, _doc("grain")]
    period_start: Annotated[dt.date, _doc("period_start")]
    dimension: Annotated[str, DIMENSION]
    member: Annotated[str, MEMBER]
    factor: Annotated[
        str, "Customers, orders, items or price, those of guests apart; or `returns`."
    ]
    expected: Annotated[Number, _doc("expected")]
    actual: Annotated[Number, _doc("actual")]
    contribution: Annotated[float, CONTRIBUTION]


@dataclass(frozen=True)
class CheckRow:
    """One row per incident and check: what speaks for or against it."""

    incident_id: Annotated[str, INCIDENT_ID]
    check_name: Annotated[str, "What was checked."]
    verdict: Annotated[str, VERDICT]
    detail: Annotated[str, "The same in a sentence."]
    details: Annotated[dict[str, object], "The figures that decided it, as a JSON object."]


@dataclass(frozen=True)
class NarrativeFactRow:
    """One row per sentence of a headline or a narrative, and per fact that it rests on.

    `retail verify` derives all of them again.
    """

    incident_id: Annotated[str, INCIDENT_ID]
    sentence: Annotated[str, "The sentence."]
    figure: Annotated[str, "The figure, name, direction or day as the sentence shows it."]
    table_name: Annotated[str, "Table that it is from."]
    key: Annotated[str, "Id of the row, or what it is about."]
    query: Annotated[str, "Query that gives it."]


@dataclass(frozen=True)
class CalibrationRow:
    """One row per KPI, grain, method and nominal alert rate, with the observed rate."""

    kpi: Annotated[str, _doc("kpi")]
    grain: Annotated[Grain, _doc("grain")]
    method: Annotated[str, "Detector; `combined` for all of them together."]
    nominal_rate: Annotated[float, "Alert rate that the method is set to in ordinary periods."]
    tests: Annotated[int, "Periods tested."]
    alerts: Annotated[int, "Tested periods that raised an alert at the nominal rate."]
    observed_rate: Annotated[float, "Alerts as a share of tests."]
    range_lower: Annotated[
        float, "Lower end of the range that chance allows around the nominal rate."
    ]
    range_upper: Annotated[float, "Upper end of that range."]
    is_within: Annotated[bool, "Whether the observed rate lies in that range."]


@dataclass(frozen=True)
class ConfidenceRow:
    """One row per range of confidence: its mean, and what people said of its incidents."""

    confidence_from: Annotated[float, "Confidence from which an incident counts here."]
    confidence_to: Annotated[float, "Confidence up to which it does; 1 is included."]
    incidents: Annotated[int, "Incidents in the range."]
    mean_confidence: Annotated[float, "Of them: the share that should be real."]
    labelled: Annotated[int, "Incidents with a label: real, one-off, new-normal or false."]
    confirmed: Annotated[int, "Labelled incidents that were not called false."]
    share_confirmed: Annotated[Number, "The same as a share; NULL where nothing is labelled."]
    share_lower: Annotated[Number, "Lower end of the share's 95 % interval."]
    share_upper: Annotated[Number, "Upper end of that interval."]


@dataclass(frozen=True)
class DetectionLimitRow:
    """One row per series: the smallest change detectable in its last tested period."""

    kpi: Annotated[str, _doc("kpi")]
    segment: Annotated[str, _doc("segment")]
    grain: Annotated[Grain, _doc("grain")]
    period_start: Annotated[dt.date, _doc("period_start")]
    expected: Annotated[float, _doc("expected")]
    min_detectable_increase: Annotated[
        Number,
        "Lowest value that would have been reported as a rise; NULL where none that the KPI can "
        "have would.",
    ]
    min_detectable_decrease: Annotated[
        Number,
        "Highest value that would have been reported as a drop; NULL where none that the KPI can "
        "have would.",
    ]
    min_relative_increase: Annotated[Number, "The smallest rise, as a share of the expected."]
    min_relative_decrease: Annotated[
        Number, "The smallest drop, as a share of the expected (a negative number)."
    ]


@dataclass(frozen=True)
class ForecastRow:
    """One row per series and period: its forecast band, or why it was not tested."""

    kpi: Annotated[str, _doc("kpi")]
    segment: Annotated[str, _doc("segment")]
    grain: Annotated[Grain, _doc("grain")]
    period_start: Annotated[dt.date, _doc("period_start")]
    actual: Annotated[Number, _doc("actual")]
    expected: Annotated[Number, _doc("expected")]
    lower: Annotated[Number, _doc("band_lower")]
    upper: Annotated[Number, _doc("band_upper")]
    is_tested: Annotated[bool, "Whether the period was tested."]
    skip_reason: Annotated[str | None, "Why it was not tested, in one word; NULL where it was."]
    adjusted: Annotated[
        Number,
        "Actual without weekday, season and calendar, which trends are tested on; a week's sum "
        "per day traded. NULL where nothing was learned from the period (closed, incomplete).",
    ]
    shift_start: Annotated[dt.date | None, SHIFT_START]


@dataclass(frozen=True)
class CachedExplanationRow:
    """One row per finding, incident, story and grain of detection limits, with its inputs' hash.

    While the hash stays the same, the next run reuses its rows.
    """

    subject: Annotated[
        str,
        "Id of an anomaly, an early warning or an incident; `story of` and the id of an incident; "
        "or `blind spots,` and the grain of detection limits.",
    ]
    input_hash: Annotated[str, INPUT_HASH]


@dataclass(frozen=True)
class InjectionTestRow:
    """One row per change injected into the last periods, and whether it would be caught."""

    kpi: Annotated[str, _doc("kpi")]
    segment: Annotated[str, _doc("segment")]
    grain: Annotated[Grain, _doc("grain")]
    period_start: Annotated[dt.date, _doc("period_start")]
    relative_change: Annotated[float, RELATIVE_CHANGE]
    injected: Annotated[float, "Value of the KPI with the change."]
    confidence: Annotated[float, _doc("confidence")]
    is_caught: Annotated[bool, "Whether it would have been reported."]


@dataclass(frozen=True)
class FeedbackRow:
    """One row per piece of feedback on a finding, as of the last run; never forgotten."""

    anomaly_id: Annotated[str, ANOMALY_ID]
    kpi: Annotated[str, _doc("kpi")]
    segment: Annotated[str, _doc("segment")]
    action: Annotated[str, "What was said."]
    until: Annotated[
        dt.date | None,
        "Last day that it is snoozed, and open again after; NULL for anything else.",
    ]
    note: Annotated[str | None, "Why, in their own words."]
    given_at: Annotated[dt.datetime, "When it was said, UTC."]
    dimension: Annotated[str | None, DIMENSION] = None
    given_by: Annotated[str | None, "Who said it; NULL where nobody gave a name."] = None


@dataclass(frozen=True)
class RunRow:
    """One row per finished run of detection, kept from run to run."""

    run_id: Annotated[str, RUN_ID]
    started_at: Annotated[dt.datetime, "When it began, UTC."]
    finished_at: Annotated[dt.datetime, "When it ended, UTC."]
    as_of: Annotated[dt.date, "Last day of the data it used."]
    status: Annotated[str, "`finished`."]
    source: Annotated[str, "Source of the order lines; marked where the shop is simulated."]
    source_rows: Annotated[int, "Raw rows read."]
    anomalies: Annotated[int, ANOMALIES]
    code_version: Annotated[str, "Version of the project."]


@dataclass(frozen=True)
class RevisionRow:
    """One row per KPI figure of a settled period that a run of `retail run` published anew.

    A period is settled once it was published as complete, or with a later day beside it. What a
    run finds stays. Without any line, settings or code did it.
    """

    run_id: Annotated[str, RUN_ID]
    kpi: Annotated[str, _doc("kpi")]
    segment: Annotated[str, _doc("segment")]
    grain: Annotated[Grain, _doc("grain")]
    period_start: Annotated[dt.date, _doc("period_start")]
    value_before: Annotated[Number, "The figure as published before; NULL where there was none."]
    value_after: Annotated[Number, "The figure since the run; NULL where there is none."]
    lines_added: Annotated[int, "Order lines of the period that came; rows of `revised_lines`."]
    lines_removed: Annotated[int, "Order lines of the period that went."]
    lines_changed: Annotated[
        int, "Order lines of the period that say something else, or count as something else."
    ]


@dataclass(frozen=True)
class RevisedLineRow:
    """One row per order line that revised a settled day: the 10,000 largest amounts of a run."""

    run_id: Annotated[str, RUN_ID]
    order_date: Annotated[dt.date, ORDER_DATE]
    revision: Annotated[
        str,
        "`added`, `removed`, `changed` (of the same order and product), or `reclassified`: it says "
        "the same and counts otherwise, such as a first order that no longer is one.",
    ]
    source_file: Annotated[str, "Raw file of the line; of one that went, its former file."]
    source_row: Annotated[int, "Row in that file."]
    invoice_no: Annotated[str, "Its order."]
    product: Annotated[str, "Its stock code."]
    customer_id: Annotated[str | None, "Its customer; NULL for a guest."]
    line_type: Annotated[str, "What it is: `sale`, `return` or another type of line."]
    quantity_before: Annotated[Number, "Quantity before; NULL for a line that came."]
    quantity_after: Annotated[Number, "Quantity now; NULL for a line that went."]
    amount_before: Annotated[Number, "Quantity times price before; NULL for a line that came."]
    amount_after: Annotated[Number, "Quantity times price now; NULL for a line that went."]


@dataclass(frozen=True)
class SentAlertRow:
    """One row per incident or digest sent to a channel, as of the last run: nothing twice."""

    incident_id: Annotated[str, INCIDENT_ID]
    lead_anomaly_id: Annotated[str, LEAD]
    channel: Annotated[str, "`webhook` or `e-mail`."]
    reason: Annotated[
        str, "`new`, `worse` than it was before, `over`; or `digest`, of a week for an owner."
    ]
    severity: Annotated[str, _doc("severity")]
    confidence: Annotated[float, _doc("confidence")]
    sent_at: Annotated[dt.datetime, "When the channel had taken it, in UTC."]


@dataclass(frozen=True)
class MemberDayRow:
    """One row per day and member that is watched and had a sale or a return, and the whole shop."""

    order_date: Annotated[dt.date, ORDER_DATE]
    dimension: Annotated[str, DIMENSION]
    member: Annotated[str, MEMBER]
    orders: Annotated[float, "Distinct orders with a sale of the member."]
    sale_lines: Annotated[float, "Sale lines of the member."]
    net_revenue: Annotated[float, "Its sales less its returns."]
    gross_revenue: Annotated[float, "Its sales."]
    squared_gross_revenue: Annotated[float, "The squares of its sales in each order, added up."]
    returned_orders: Annotated[float, "Distinct orders with a return of the member."]
    returned_revenue: Annotated[float, "Its returns, as a positive amount."]
    mispriced_revenue: Annotated[
        float,
        "What a product brought more, or less, by prices far from all of the months before; 0 in "
        "other dimensions.",
    ]
    input_hash: Annotated[str | None, INPUT_HASH]


@dataclass(frozen=True)
class RenamedProductRow:
    """One row per product that sells under another code, called the same: the old one is not gone.

    The new code was never sold before; both together bring what the old one did, and that soon
    sells next to nothing.
    """

    product: Annotated[str, "Its stock code."]
    renamed_to: Annotated[str, "The new code, which is judged anew."]
    since: Annotated[dt.date, "First day of the new code."]


TABLES: dict[str, Table] = {
    "incidents": Table(IncidentRow),
    "anomalies": Table(AnomalyRow),
    "early_warnings": Table(
        AnomalyRow,
        about="One row per KPI whose unfinished period already shows more than a whole one should.",
        renamed={
            "anomaly_id": ("warning_id", WARNING_ID),
            "actual": ("lower_bound", "The least that the period can end with, in the KPI's unit."),
        },
        implied={"lower": None, "direction": "up", "z_score": None, "iqr_score": None},
    ),
    "trends": Table(TrendRow),
    "attributions": Table(AttributionRow),
    "early_attributions": Table(
        AttributionRow,
        about="The same as `attributions`, of early warnings.",
        renamed={"anomaly_id": ("warning_id", WARNING_ID)},
    ),
    "revenue_drivers": Table(DriverRow),
    "incident_checks": Table(CheckRow),
    "narrative_facts": Table(NarrativeFactRow),
    "calibration": Table(CalibrationRow),
    "confidence_ledger": Table(ConfidenceRow),
    "detection_limits": Table(DetectionLimitRow),
    "forecasts": Table(ForecastRow),
    "members_daily": Table(MemberDayRow),
    "renamed_products": Table(RenamedProductRow),
    "explanation_cache": Table(CachedExplanationRow),
    "injection_tests": Table(InjectionTestRow),
    "feedback": Table(FeedbackRow, is_snapshot=True),
    "runs": Table(RunRow, keeps_history=True),
    "revisions": Table(RevisionRow, keeps_history=True),
    "revised_lines": Table(RevisedLineRow, keeps_history=True),
    "alerts": Table(SentAlertRow, is_snapshot=True),
}
"""In the order of the documentation."""

SNAPSHOTS = tuple(name for name, table in TABLES.items() if table.is_snapshot)
"""Tables whose rows are kept in the feedback file."""

FORMER = ("blind_spots", "canaries", "doubts", "expectations", "explanations", "kpi_tree")
"""Tables of 0.1.0 that have other names now; a run removes them, as they would go stale."""
