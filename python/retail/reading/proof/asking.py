"""Ask the file about one incident: each answer is a fact with its query."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from retail import formatting as shown
from retail.reading.file import Connection
from retail.reading.proof.forms import Fact
from retail.storage.quoting import identifier, literal

Row = tuple[Any, ...]

STORIES = """
    with findings as (
        select anomaly_id, 'anomalies' as source, 'anomaly_id' as key, kpi, segment, dimension,
            grain, period_start, shift_start
        from insights.anomalies
        union all
        select warning_id, 'early_warnings', 'warning_id', kpi, segment, dimension,
            grain, period_start, shift_start
        from insights.early_warnings
    )
    select
        incidents.incident_id, headline, narrative, anomaly_id, source, key, findings.kpi, segment,
        coalesce(dimension, case when segment != 'all' then segment_by end) as dimension, grain,
        findings.period_start, shift_start,
        if(unit = 'currency', unit || ' ' || currency_sign, unit) as unit,
        denominator_measure is not null as is_ratio
    from insights.incidents
    inner join findings on lead_anomaly_id = anomaly_id
    inner join marts.dim_kpis as kpis on findings.kpi = kpis.kpi
    cross join marts.dim_shop
    order by incidents.period_start, incidents.incident_id
"""
"""Each incident with what its lead is about."""
BACK = "back <= (select max(period_start) + 6 from marts.fct_kpis_weekly where is_complete)"
"""SQL: whether a member that was gone sold again by the last complete week."""


@dataclass(frozen=True)
class Story:
    """An incident's words, and what its lead is about."""

    incident_id: str
    headline: str
    narrative: str
    lead: str
    source: str
    key: str
    kpi: str
    segment: str
    dimension: str | None
    grain: str
    period_start: Any
    shift_start: Any
    unit: str
    is_ratio: bool


@dataclass(frozen=True)
class Answers:
    """What the file has answered so far, for all stories: each query is run once.

    `cells` are those of queries that are the same for every incident but for its key, `tables` the
    queries behind temporary tables.
    """

    connection: Connection
    rows: dict[str, list[Row]] = field(default_factory=dict)
    cells: dict[str, dict[Any, Row]] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)

    def of(self, query: str) -> list[Row]:
        """Rows of a query."""
        if query not in self.rows:
            self.rows[query] = self.connection.execute(query).fetchall()
        return self.rows[query]

    def table(self, name: str, rows: str) -> str:
        """Make a temporary table of a query, unless it has its rows already; returns its name."""
        quoted = identifier(name)
        if self.tables.get(name) != rows:
            self.connection.execute(f"create or replace temporary table {quoted} as {rows}")
            self.tables[name] = rows
        return quoted

    def by_key(self, query: str) -> dict[Any, Row]:
        """First row of a query for each value of its first column, without that column."""
        if query not in self.cells:
            rows = self.connection.execute(query).fetchall()
            self.cells[query] = {row[0]: row[1:] for row in reversed(rows)}
        return self.cells[query]


@dataclass(frozen=True)
class Asker:
    """Asks the file about one incident."""

    answers: Answers
    story: Story
    money: str
    names: Mapping[str, str]
    columns: Mapping[str, str]

    def rows(self, query: str) -> list[Row]:
        """Rows of a query."""
        return self.answers.of(query)

    def fact(self, query: str, show: Callable[..., str], table: str, key: str) -> Fact | None:
        """A fact; None where the query gives nothing."""
        rows = self.rows(query)
        return _fact(rows[0] if rows else None, query, show, table, key)

    def incident(self, column: str, show: Callable[..., str] = str) -> Fact | None:
        """A cell of the incident."""
        return self._cell("incidents", "incident_id", self.story.incident_id, column, show)

    def lead(self, column: str, show: Callable[..., str] = str) -> Fact | None:
        """A cell of the finding that leads."""
        return self._cell(self.story.source, self.story.key, self.story.lead, column, show)

    def check(self, name: str, column: str, show: Callable[..., str] = str) -> Fact | None:
        """A figure of a check of the incident, or what is made of several."""
        one = self.story.incident_id
        told = self.answers.by_key(f"""
            select incident_id from insights.incident_checks
            where check_name = {literal(name)}
                and verdict in ('found', 'vanishes', 'suspected', 'shaky')
        """)  # noqa: S608 - quoted
        if one not in told:
            return None
        column = re.sub(r"\$(\w+)", r"(details->>'\1')", column)
        also = f" and check_name = {literal(name)}"
        return self._cell("incident_checks", "incident_id", one, column, show, also)

    def anomalies(
        self, column: str, condition: str = "true", show: Callable[..., str] = str
    ) -> Fact | None:
        """A figure of the incident's findings, where some fulfil a condition."""
        one = self.story.incident_id
        query = f"""
            select {column} from insights.anomalies
            where incident_id = {literal(one)} and {condition}
            having count(*) > 0
        """  # noqa: S608 - quoted
        of_all = f"""
            select incident_id, {column} from insights.anomalies
            where {condition} group by incident_id
        """  # noqa: S608 - quoted
        row = self.answers.by_key(of_all).get(one)
        return _fact(row, query, show, "insights.anomalies", one)

    def gone(self, column: str, show: Callable[..., str] = str) -> Fact | None:
        """A figure of the weeks in which the lead's member had no order, from the lead's on."""
        one = self.story
        if one.dimension is None:
            return None
        query = self._weeks_gone(column, [(one.dimension, one.segment, one.period_start)])
        return self.fact(query, show, "marts.fct_kpi_lines", one.segment)

    def sent_back(self) -> Fact | None:
        """What was sent back of the lead's member in the weeks without an order."""
        one = self.story
        if one.dimension is None:
            return None
        ends = "min(period_start), max(period_end)"
        lead = (one.dimension, one.segment, one.period_start)
        weeks = self.rows(self._weeks_gone(ends, [lead]))
        if not weeks:
            return None
        first, last = (literal(str(day)) for day in weeks[0])
        query = f"""
            select nullif(-sum(net_revenue), 0)::double from marts.fct_kpi_lines
            where {self.columns[one.dimension]} = {literal(one.segment)}
                and order_date between {first} and {last}
        """  # noqa: S608 - quoted
        return self.fact(
            query, partial(shown.amount, unit=one.unit), "marts.fct_kpi_lines", one.segment
        )

    def gone_members(self) -> tuple[str, list[tuple[Any, ...]]]:
        """The members that are gone, each with the week in which it was found so; and the query."""
        query = f"""
            select dimension, segment, max(period_start) from insights.anomalies
            where incident_id = {literal(self.story.incident_id)}
                and contains(methods, 'member_disappearance')
            group by all order by all
        """  # noqa: S608 - quoted
        return query, self.rows(query)

    def all_gone(self) -> tuple[str, tuple[int, int, int]]:
        """Members that are gone: how many, of these sold again within eight weeks, or so far.

        The query that says so comes first.
        """
        found = self.gone_members()[1]
        weeks = self._weeks_gone(f"count(*) as weeks, bool_or({BACK}) as is_back", found)
        query = f"""
            select count(*), count(*) filter (weeks < 8), count(*) filter (is_back)
            from ({weeks})
        """  # noqa: S608 - quoted
        return (query, self.rows(query)[0]) if found else ("", (0, 0, 0))

    def _weeks_gone(self, column: str, members: Sequence[tuple[str, str, dt.date]]) -> str:
        """SQL: a figure of the weeks without an order of each member, from a day on.

        They end before its next order, with the run's last complete week or after eight. The order
        lines are read once for each dimension, however many members are gone.

        Args:
            column: the figure, of `period_start` and `period_end` of the weeks and of `back`.
            members: dimension, member and first day of each.
        """
        listed = ", ".join(
            f"({nth}, {literal(dimension)}, {literal(member)}, date '{first}')"
            for nth, (dimension, member, first) in enumerate(members)
        )
        sales = " union all ".join(
            f"""
            select gone.nth, min(order_date) as back
            from gone
            inner join (
                select cast({self.columns[dimension]} as varchar) as member, order_date
                from marts.fct_kpi_lines where line_type = 'sale'
            ) as sales on sales.member = gone.member and order_date >= gone.since
            where gone.dimension = {literal(dimension)}
            group by 1
            """  # noqa: S608 - quoted
            for dimension in dict.fromkeys(dimension for dimension, *_ in members)
        )
        return f"""
            with gone (nth, dimension, member, since) as (values {listed}),
            gaps as (
                select distinct period_start as week from insights.forecasts
                where grain = 'weekly' and segment = 'all' and skip_reason = 'gap'
            ),
            traded as (
                select distinct period_start, cast(period_start + 6 as date) as period_end
                from marts.fct_kpis_weekly
                where is_complete
                    and period_start + 6 <= (select max(as_of) from insights.runs)
                    and period_start in (
                        select cast(date_trunc('week', order_date) as date)
                        from marts.fct_orders where is_sale
                    )
                    and period_start not in (select week from gaps)
            ),
            sold as ({sales}),
            weeks as (
                select nth, period_start, period_end
                from gone inner join traded on period_start >= since
                qualify row_number() over (partition by nth order by period_start) <= 8
            )
            select {column} from weeks left join sold using (nth)
            where back is null or period_end < back
            group by nth
        """  # noqa: S608 - quoted

    def later(
        self,
        column: str,
        show: Callable[..., str] = str,
        of: tuple[str, str | None, str, str] | None = None,
    ) -> Fact | None:
        """A figure of the periods of a series after its last finding; of the lead's by default.

        Each has its `value`, and whether that `is_inside` the band: of a member on the side that
        it left, of the whole shop the period's own.
        """
        one = self.story
        kpi, dimension, segment, grain = of or (one.kpi, one.dimension, one.segment, one.grain)
        mine = f"""
            incident_id = {literal(one.incident_id)} and kpi = {literal(kpi)}
                and segment = {literal(segment)} and grain = '{grain}'
        """
        ended = self.rows(f"select max(period_start) from insights.anomalies where {mine}")[0][0]  # noqa: S608 - quoted
        if ended is None:
            return None
        values = f"""
            select kpis.value, kpis.value between bands.lower and bands.upper as is_inside,
                period_start
            from marts.fct_kpis_{grain} as kpis
            inner join insights.forecasts as bands using (kpi, segment, period_start)
            where kpi = {literal(kpi)} and segment = 'all' and grain = '{grain}'
                and is_tested and period_start > date '{ended}'
        """  # noqa: S608 - quoted
        summed = values
        if dimension is not None:
            of_lines = partial(_later_of_member, literal(segment), grain, mine, ended)
            values = of_lines("marts.fct_kpi_lines", self.columns[dimension])
            summed = of_lines(self._summed(dimension), "member")
        figure = f"select {column} from later having count(*) > 0"  # noqa: S608 - our own
        self.answers.table("later", summed)
        found = self.answers.connection.execute(figure).fetchone()
        query, table = f"with later as ({values}) {figure}", f"marts.fct_kpis_{grain}"
        return _fact(found, query, show, table, kpi)

    def _summed(self, dimension: str) -> str:
        """A table that stands for the order lines where members of a dimension are asked about.

        It has their net revenue by day and line type, of each member with a finding and of the rest
        as one: the order lines are read once, however many members are waited for.
        """
        column = self.columns[dimension]
        query = f"""
            select order_date, line_type, sum(net_revenue) as net_revenue,
                case when {column} in (select segment from insights.anomalies) then {column} end
                    as member
            from marts.fct_kpi_lines
            group by all
        """  # noqa: S608 - quoted
        return self.answers.table(f"lines_by_{dimension}", query)

    def cause(self, column: str, show: Callable[..., str] = str) -> Fact | None:
        """A cell of the first cause."""
        table = "attributions" if self.story.source == "anomalies" else "early_attributions"
        also = " and analysis = 'root_cause' and rank = 1"
        return self._cell(table, self.story.key, self.story.lead, column, show, also)

    def _cell(
        self,
        table: str,
        key: str,
        value: str,
        column: str,
        show: Callable[..., str],
        also: str = "",
    ) -> Fact | None:
        """A cell, read with that of every other incident, by the query of this one alone."""
        query = f"select {column} from insights.{table} where {key} = {literal(value)}{also}"  # noqa: S608 - quoted
        of_all = f"select {key}, {column} from insights.{table} where true{also}"  # noqa: S608 - quoted
        row = self.answers.by_key(of_all).get(value)
        return _fact(row, query, show, f"insights.{table}", value)

    def product(self, code: str) -> str:
        """A product as it is shown."""
        return shown.product(code, self.names)

    def within(self) -> str:
        """SQL: the order lines of the lead's period, and of its member."""
        one = self.story
        days = 1 if one.grain == "daily" else 7
        start = f"date '{one.period_start}'"
        span = f"order_date between {start} and {start} + {days - 1}"
        if one.dimension is None:
            return span
        return f"{span} and {self.columns[one.dimension]} = {literal(one.segment)}"


def _later_of_member(
    member: str, grain: str, finding: str, ended: dt.date, lines: str, column: str
) -> str:
    """SQL: a member's periods after its last finding, from order lines or from sums of them."""
    days = 1 if grain == "daily" else 7
    return f"""
        select coalesce(sum(net_revenue) filter (where {column} = {member}), 0)::double as value,
            if(any_value(last.direction) = 'up', value <= any_value(last.upper),
                value >= any_value(last.lower)) as is_inside,
            period_start
        from {lines} as lines
        inner join (select distinct period_start, is_complete from marts.fct_kpis_{grain})
            as periods
            on order_date between period_start and period_start + {days - 1}
        cross join (
            select direction, lower, upper from insights.anomalies
            where {finding} and period_start = date '{ended}' limit 1
        ) as last
        where is_complete and period_start > date '{ended}'
            and order_date > date '{ended}'
            and period_start + {days - 1} <= (select max(as_of) from insights.runs)
        group by period_start
        having bool_or(line_type = 'sale')
    """  # noqa: S608 - quoted


def _fact(
    row: Row | None, query: str, show: Callable[..., str], table: str, key: str
) -> Fact | None:
    """What a row of a query says; None where there is none, or it is empty."""
    if row is None or row[0] is None:
        return None
    return Fact(show(*row), table, key, " ".join(query.split()))


def subject(ask: Asker, condition: str = "true") -> Fact | None:
    """What the lead is about, where a condition on its order lines holds."""
    one = ask.story
    of = "null" if one.dimension is None else literal(one.dimension)
    query = f"""
        select label, {of}, {literal(one.segment)} from marts.dim_kpis
        where kpi = {literal(one.kpi)} and {condition}
    """  # noqa: S608 - quoted
    show = partial(shown.subject, names=ask.names)
    return ask.fact(query, lambda *row: show(*row), "marts.dim_kpis", one.kpi)


def silent(ask: Asker) -> str:
    """SQL: whether no order of the lead's member came in its period."""
    lines = f"select 1 from marts.fct_kpi_lines where line_type = 'sale' and {ask.within()}"  # noqa: S608 - quoted
    return f"not exists ({lines})"


def gone_member(ask: Asker) -> Fact | None:
    """The lead's member, where no order of it came in the lead's period."""
    one = ask.story
    if one.dimension is None:
        return None
    member = shown.segment({one.dimension: one.segment}, ask.names, full=True)
    gone = subject(ask, silent(ask))
    return gone and replace(gone, figure=shown.upper_first(member))


def others_gone(ask: Asker) -> Fact | None:
    """How many other members of the lead's dimension are gone, all from its period on."""
    one = ask.story
    query, members = ask.gone_members()
    others = [m for m in members if m[0] == one.dimension and m[1] != one.segment]
    if not others or any(first != one.period_start for *_, first in others):
        return None
    number = shown.count(len(others), "other")
    return Fact(number, "insights.anomalies", one.incident_id, query)


def when(ask: Asker) -> Fact | None:
    """The lead's period."""
    return ask.lead("period_start, grain", partial(shown.when, full=True))


def of_member(ask: Asker) -> Fact | None:
    """The days of the findings of the lead's member."""
    one = ask.story
    if one.dimension is None:
        return None
    query = f"""
        select min(period_start), cast(max(period_start + if(grain = 'daily', 0, 6)) as date)
        from insights.anomalies
        where incident_id = {literal(one.incident_id)} and segment = {literal(one.segment)}
    """  # noqa: S608 - quoted
    return ask.fact(query, from_to, "insights.anomalies", one.incident_id)


RETURNED = "impact_returned >= 0.1 * abs(impact) and abs(impact) > 0"
"""SQL: whether a tenth of the money at stake was cancelled later."""


def gross(ask: Asker) -> Fact | None:
    """That later cancellations are not taken off."""
    return ask.incident(f"if({RETURNED}, 'before cancellations', null)")


def since(ask: Asker) -> Fact | None:
    """Since when a lasting change lasts."""
    return ask.lead("shift_start", lambda day: f"since {shown.day(day, full=True)}")


def of_shift(ask: Asker) -> str:
    """SQL: the findings of the lead's lasting change."""
    one = ask.story
    return (
        f"insights.anomalies where incident_id = {literal(one.incident_id)} "
        f"and kpi = {literal(one.kpi)} and segment = {literal(one.segment)} "
        f"and shift_start = date '{one.shift_start}'"
    )


def figure(ask: Asker, column: str, show: Callable[..., str]) -> Fact | None:
    """A figure of the lead; of a lasting change that of all its days, of a ratio their mean."""
    one = ask.story
    if one.shift_start is None:
        return ask.lead(column, show)
    both = "avg" if one.is_ratio else "sum"
    column = re.sub(r"\b(change|expected|actual)\b", rf"{both}(\1)", column)
    query = f"select {column} from {of_shift(ask)}"  # noqa: S608 - quoted
    return ask.fact(query, show, "insights.anomalies", one.incident_id)


def actual(ask: Asker) -> Fact | None:
    """What the lead's period came to: from the marts, where it is over."""
    one = ask.story
    show = partial(shown.amount, unit=one.unit)
    if one.source == "early_warnings":
        return ask.lead("lower_bound", show)
    if one.dimension:
        query = f"""
            select cast(coalesce(sum(net_revenue), 0) as double) from marts.fct_kpi_lines
            where {ask.within()}
        """  # noqa: S608 - quoted
        return ask.fact(query, show, "marts.fct_kpi_lines", one.segment)
    days = f"= date '{one.period_start}'"
    if one.shift_start is not None:
        days = f"in (select period_start from {of_shift(ask)})"  # noqa: S608 - quoted
    query = f"""
        select {"avg" if one.is_ratio else "sum"}(value) from marts.fct_kpis_{one.grain}
        where kpi = {literal(one.kpi)} and segment = 'all' and period_start {days}
    """  # noqa: S608 - quoted
    return ask.fact(query, show, f"marts.fct_kpis_{one.grain}", one.kpi)


def expected(ask: Asker) -> Fact | None:
    """What was expected of the lead's period."""
    return figure(ask, "expected", partial(shown.amount, unit=ask.story.unit))


def size(ask: Asker) -> Fact | None:
    """How far the actual is from the expected, without a sign."""
    unit = ask.story.unit
    return figure(
        ask,
        "abs(change)",
        lambda x: shown.points(x, full=True) if unit == shown.RATIO else shown.amount(x, unit),
    )


def gap(ask: Asker, column: str, show: Callable[..., str]) -> Fact | None:
    """Of the days without any trade that an incident is about, if it is about some."""
    return ask.anomalies(column, "contains(methods, 'no_data')", show)


def from_to(first: Any, last: Any) -> str:  # noqa: ANN401 - a date
    """Two days as a period within a sentence."""
    return f"from {shown.span(first, last, full=True)}"


def segments(ask: Asker) -> list[Fact]:
    """The first cause, and the parts of it that say enough beside what the lead is about."""
    rows = ask.cause("segment")
    if rows is None:
        return []
    whole = json.loads(rows.figure)
    return [
        replace(rows, figure=shown.segment({d: whole[d] for d in some}, ask.names, full=True))
        for size in range(1, len(whole) + 1)
        for some in itertools.combinations(whole, size)
    ]
