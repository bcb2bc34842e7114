"""Read the stories, ask, check, write: the table of contents of this package."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from detect import store
from detect.errors import DetectError
from post import PostError
from rewrite import guard
from rewrite.endpoint import ask
from rewrite.errors import RewriteError
from rewrite.guard import RefusedError
from rewrite.settings import Settings

TAKEN = "taken"
UNREACHABLE, UNASKED = "no answer", "not asked, for nobody answered"
PATIENCE = 2
"""Stories in a row without an answer after which no further one is sent off."""
NAMED_BY = ("segment", "product", "customer_id", "invoice_no", "member")
Row = dict[str, object]


@dataclass(frozen=True)
class Rewrite:
    """What became of one story: a row of insights.rewrites."""

    incident_id: str
    narrative: str
    rewritten: str | None
    verdict: str
    model: str
    asked_at: dt.datetime


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
    """Have the newest stories rewritten, and write those that pass beside the originals.

    A story that has an answer already is not sent off again, until its words or the model change.

    Raises:
        RewriteError: the file does not allow it.
    """
    try:
        incidents = store.read_table(path, "incidents")
        newest = sorted(incidents, key=lambda r: (str(r["period_end"]), str(r["incident_id"])))
        chosen = newest[::-1][: settings.most]
        known = _known(path, settings.model)
        fresh = _ask_all(path, [r for r in chosen if str(r["narrative"]) not in known], settings)
        store.append(path, "rewrites", fresh)
        answers = known | {rewrite.narrative: rewrite for rewrite in fresh}
        told = [answers[text] for row in chosen if (text := str(row["narrative"])) in answers]
        store.tell_anew(path, {a.narrative: a.rewritten for a in told if a.rewritten})
    except DetectError as error:
        raise RewriteError(str(error)) from error
    kept = Counter(answer.verdict for answer in told if answer.verdict != TAKEN)
    unasked = len(chosen) - len(told)
    kept += Counter({UNASKED: unasked})
    return Outcome(sum(answer.verdict == TAKEN for answer in told), kept)


def _known(path: Path, model: str) -> dict[str, Rewrite]:
    """Earlier answers of the model, by the story they were given on."""
    rows = store.read_history(path, "rewrites")
    return {
        str(row["narrative"]): Rewrite(
            str(row["incident_id"]),
            str(row["narrative"]),
            None if row["rewritten"] is None else str(row["rewritten"]),
            str(row["verdict"]),
            model,
            dt.datetime.fromisoformat(str(row["asked_at"])),
        )
        for row in rows
        if row["model"] == model and row["verdict"] != UNREACHABLE
    }


def _ask_all(path: Path, incidents: list[Row], settings: Settings) -> list[Rewrite]:
    names, terms = (_names(path), store.read_labels(path)) if incidents else (set(), set())
    answers: list[Rewrite] = []
    for row in incidents:
        answers.append(_ask(row, names | _own_names(row), terms, settings))
        if [answer.verdict for answer in answers[-PATIENCE:]] == PATIENCE * [UNREACHABLE]:
            break
    return answers


def _ask(row: Row, names: set[str], terms: set[str], settings: Settings) -> Rewrite:
    """What becomes of one story."""
    story = str(row["narrative"])
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
    return Rewrite(str(row["incident_id"]), story, rewritten, verdict, settings.model, now)


def _own_names(row: Row) -> set[str]:
    """The members of the named cause."""
    return {str(member) for member in json.loads(str(row["root_cause"])).values()}


def _names(path: Path) -> set[str]:
    """Names and codes that the tables know: products, customers, invoices, segments."""
    products = store.read_product_names(path)
    names = {f"{text} ({code})" for code, text in products.items()}
    names |= set(products) | set(products.values())
    for table in ("anomalies", "early_warnings", "kpi_tree"):
        names |= {str(r[c]) for r in store.read_table(path, table) for c in NAMED_BY if c in r}
    for row in store.read_table(path, "doubts"):
        figures = json.loads(str(row["figures"]))
        names |= {str(figures[column]) for column in NAMED_BY if column in figures}
    return names - {"", "all"}
