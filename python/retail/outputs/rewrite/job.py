"""Read the stories, ask, check, record: the table of contents of this package."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from retail.feedback import record
from retail.formatting import product
from retail.http import PostError
from retail.outputs.rewrite import guard
from retail.outputs.rewrite.endpoint import ask
from retail.outputs.rewrite.guard import RefusedError
from retail.outputs.rewrite.settings import Settings
from retail.reading import (
    Connection,
    has_table,
    read_findings,
    read_products,
    read_rewrites,
    read_run,
    read_table,
    reading,
)
from retail.schema import ALL, CheckRow, DriverRow, IncidentRow, RewriteRow

TAKEN = "taken"
UNREACHABLE, UNASKED = "no answer", "not asked, for nobody answered"
PATIENCE = 2
"""Stories in a row without an answer after which no further one is sent off."""
NAMED_BY = ("segment", "product", "customer_id", "invoice_no")


@dataclass(frozen=True)
class Outcome:
    """Stories rewritten, and verdicts on those that kept their own words."""

    taken: int
    kept: Counter[str]

    @property
    def is_whole(self) -> bool:
        """Whether every story had an answer, so that the next run has none to ask for."""
        return not (self.kept[UNREACHABLE] or self.kept[UNASKED])

    @property
    def told(self) -> str:
        """The same in one line."""
        why = "; ".join(f"{count}: {verdict}" for verdict, count in self.kept.most_common())
        original = f", {self.kept.total()} kept their own words ({why})" if self.kept else ""
        return f"{self.taken} stories rewritten{original}."


def run(path: Path, settings: Settings) -> Outcome:
    """Have the newest stories rewritten, and record the answers; screens show those that pass.

    A story that has an answer already is not sent off again, until its words or the model change.

    Raises:
        RetailError: the file, or the feedback file beside it, does not allow it.
    """
    with reading(path) as connection:
        run_id = read_run(connection).run_id
        chosen = read_findings(connection).incidents[: settings.most]
        known = _known(connection, settings.model)
        waiting = [row for row in chosen if row.narrative not in known]
        names, terms = (_names(connection), _terms(connection)) if waiting else (set(), set())
    fresh = _ask_all(waiting, names, terms, settings)
    answers = known | {rewrite.narrative: rewrite for rewrite in fresh}
    told = [answers[row.narrative] for row in chosen if row.narrative in answers]
    record.append(path, "rewrites", [replace(answer, run_id=run_id) for answer in told])
    kept = Counter(answer.verdict for answer in told if answer.verdict != TAKEN)
    unasked = len(chosen) - len(told)
    kept += Counter({UNASKED: unasked})
    return Outcome(sum(answer.verdict == TAKEN for answer in told), kept)


def _known(connection: Connection, model: str) -> dict[str, RewriteRow]:
    """Earlier answers of the model, by the story they were given on."""
    return {
        row.narrative: row
        for row in read_rewrites(connection)
        if row.model == model and row.verdict != UNREACHABLE
    }


def _ask_all(
    incidents: Sequence[IncidentRow], names: set[str], terms: set[str], settings: Settings
) -> list[RewriteRow]:
    answers: list[RewriteRow] = []
    for row in incidents:
        answers.append(_ask(row, names | set(row.root_cause.values()), terms, settings))
        if [answer.verdict for answer in answers[-PATIENCE:]] == PATIENCE * [UNREACHABLE]:
            break
    return answers


def _ask(row: IncidentRow, names: set[str], terms: set[str], settings: Settings) -> RewriteRow:
    """What becomes of one story."""
    story = row.narrative
    rewritten: str | None = None
    try:
        masked = guard.mask(story, names, terms)
        rewritten, verdict = guard.unmask(ask(settings, masked), masked), TAKEN
        if guard.figures(rewritten) != guard.figures(story):
            rewritten, verdict = None, "refused: a figure differs"
    except RefusedError as error:
        verdict = f"refused: {error}"
    except PostError as error:
        verdict = UNREACHABLE if error.may_pass else f"refused: {error}"
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None)
    return RewriteRow(row.incident_id, story, rewritten, verdict, settings.model, now, None)


def _terms(connection: Connection) -> set[str]:
    """What the KPIs are called."""
    if not has_table(connection, "marts", "dim_kpis"):
        return set()
    rows = connection.execute("select label from marts.dim_kpis").fetchall()
    return {label for (label,) in rows}


def _names(connection: Connection) -> set[str]:
    """Names and codes that the tables know: products, customers, invoices, segments."""
    products = read_products(connection)
    names = {product(code, products) for code in products}
    names |= set(products) | set(products.values())
    names |= {row.segment for row in read_findings(connection).members}
    names |= {row.member for row in read_table(connection, DriverRow, "revenue_drivers")}
    for row in read_table(connection, CheckRow, "incident_checks"):
        names |= {str(row.details[column]) for column in NAMED_BY if column in row.details}
    return names - {"", ALL}
