"""What people type, by a name of its own: the one file here that a refactoring may edit."""

from __future__ import annotations

COMMANDS = {
    "job": ("{bin}/retail", "run"),
    "build": ("{bin}/dbt", "build"),
    "detect": ("{bin}/python", "-m", "detect"),
    "detect as of": ("{bin}/python", "-m", "detect", "--as-of", "{day}"),
    "list": ("{bin}/retail", "list"),
    "list as json": ("{bin}/retail", "list", "--json"),
    "explain": ("{bin}/retail", "explain", "{id}"),
    "explain as json": ("{bin}/retail", "explain", "{id}", "--json"),
    "acknowledge": ("{bin}/retail", "ack", "{id}"),
    "snooze": ("{bin}/retail", "snooze", "{id}", "--until", "{day}"),
    "label": ("{bin}/retail", "label", "{id}", "{verdict}"),
    "report": ("{bin}/retail", "report", "--out", "{path}"),
    "alerts": ("{bin}/retail", "alerts"),
    "alerts, dry": ("{bin}/retail", "alerts", "--dry-run"),
    "dashboard": ("{bin}/retail", "dashboard", "--port", "{port}"),
    "flow": ("{flow_bin}/retail", "schedule"),
    "job on Spark": ("{spark_bin}/retail", "spark", "--engine", "sail"),
}
"""`{bin}` is where the tests' own programs are; the other two are those of ENVIRONMENTS."""

TARGETS = {
    "run": "job",
    "build": "build",
    "detect": "detect",
    "report": "report",
    "alerts": "alerts",
    "dashboard": "dashboard",
    "flow": "flow",
    "run-spark": "job on Spark",
}
"""Targets of the Makefile, and the commands that they run."""

ENVIRONMENTS = {"flow": (".venv-flow", "prefect"), "spark": (".venv-spark", "pysail")}
"""Environments that stand apart: their folder, and the package that they are there for."""
