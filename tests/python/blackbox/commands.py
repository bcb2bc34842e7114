"""What people type, by a name of its own: the one file here that a refactoring may edit."""

from __future__ import annotations

COMMANDS = {
    "job": ("{python}", "-m", "daily"),
    "build": ("{dbt}", "build"),
    "detect": ("{python}", "-m", "detect"),
    "detect as of": ("{python}", "-m", "detect", "--as-of", "{day}"),
    "list": ("{python}", "-m", "detect", "list"),
    "list as json": ("{python}", "-m", "detect", "list", "--json"),
    "explain": ("{python}", "-m", "detect", "explain", "{id}"),
    "explain as json": ("{python}", "-m", "detect", "explain", "{id}", "--json"),
    "acknowledge": ("{python}", "-m", "detect", "ack", "{id}"),
    "snooze": ("{python}", "-m", "detect", "snooze", "{id}", "--until", "{day}"),
    "label": ("{python}", "-m", "detect", "label", "{id}", "{verdict}"),
    "report": ("{python}", "-m", "report", "--out", "{path}"),
    "alerts": ("{python}", "-m", "alerts"),
    "alerts, dry": ("{python}", "-m", "alerts", "--dry-run"),
    "dashboard": ("{python}", "-m", "dashboard", "--port", "{port}"),
    "flow": ("{flow_python}", "-m", "flow"),
    "job on Spark": ("{spark_python}", "-m", "lakehouse", "--engine", "sail"),
}
"""`{python}` and `{dbt}` are those of the tests; the other two those of ENVIRONMENTS."""

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
