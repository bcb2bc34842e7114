"""Rows of the run log."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

ALL = "all"
"""The step that stands for a whole run."""
RUNNING, FINE, FAILED, STOPPED, KILLED = "running", "finished", "failed", "stopped", "killed"
PUBLISHED = "published"
"""In the tables that a run publishes, the run itself: report and alerts come after that."""


@dataclass(frozen=True)
class Step:
    """A step of a run, or the whole run; times in UTC.

    `summary` describes the result in a few words, `error` in one line why there is none.
    """

    run_id: str
    step: str
    started_at: dt.datetime
    finished_at: dt.datetime | None
    seconds: float | None
    status: str
    summary: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Node:
    """What dbt did with one model, seed or test of a run."""

    run_id: str
    node: str
    kind: str
    status: str
    seconds: float
    message: str | None


@dataclass(frozen=True)
class Run:
    """A whole run with its steps, in their order."""

    whole: Step
    steps: tuple[Step, ...]
