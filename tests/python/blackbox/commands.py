"""What people type, by a name of its own: the one file here that a refactoring may edit."""

from __future__ import annotations

COMMANDS = {
    "job": ("{bin}/python", "-m", "daily"),
    "build": ("{bin}/dbt", "build"),
    "detect": ("{bin}/python", "-m", "detect"),
    "detect as of": ("{bin}/python", "-m", "detect", "--as-of", "{day}"),
    "list": ("{bin}/python", "-m", "detect", "list"),
    "list as json": ("{bin}/python", "-m", "detect", "list", "--json"),
    "explain": ("{bin}/python", "-m", "detect", "explain", "{id}"),
    "explain as json": ("{bin}/python", "-m", "detect", "explain", "{id}", "--json"),
    "acknowledge": ("{bin}/python", "-m", "detect", "ack", "{id}"),
    "snooze": ("{bin}/python", "-m", "detect", "snooze", "{id}", "--until", "{day}"),
    "label": ("{bin}/python", "-m", "detect", "label", "{id}", "{verdict}"),
    "report": ("{bin}/python", "-m", "report", "--out", "{path}"),
    "alerts": ("{bin}/python", "-m", "alerts"),
    "alerts, dry": ("{bin}/python", "-m", "alerts", "--dry-run"),
    "dashboard": ("{bin}/python", "-m", "dashboard", "--port", "{port}"),
    "flow": ("{flow_bin}/python", "-m", "flow"),
    "job on Spark": ("{spark_bin}/python", "-m", "lakehouse", "--engine", "sail"),
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
