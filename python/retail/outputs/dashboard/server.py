"""The Streamlit server of the dashboard, and its settings."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from retail.reading import missing

APP = Path(__file__).with_name("app.py")
HOST, PORT = "localhost", 8501
OPTIONS = {
    "browser.gatherUsageStats": "false",
    "client.disableDataExport": "true",
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "global.developmentMode": "false",
    "server.fileWatcherType": "none",
    "server.headless": "true",
    "server.showEmailPrompt": "false",
    "theme.baseRadius": "3px",
    "theme.light.primaryColor": "#1b4f80",
    "theme.light.backgroundColor": "#fbfaf7",
    "theme.light.secondaryBackgroundColor": "#ffffff",
    "theme.light.textColor": "#1c1f22",
    "theme.light.borderColor": "#dcd9d1",
    "theme.dark.primaryColor": "#93c2ee",
    "theme.dark.backgroundColor": "#14171a",
    "theme.dark.secondaryBackgroundColor": "#1b1f23",
    "theme.dark.textColor": "#e8e6e1",
    "theme.dark.borderColor": "#343a40",
    "theme.showWidgetBorder": "true",
}
"""No telemetry, no export but by our own button, and the report's colours."""


def command(host: str, port: int) -> list[str]:
    """The command line that serves the page."""
    settings = OPTIONS | {"server.address": host, "server.port": str(port)}
    flags = [f"--{name}={value}" for name, value in settings.items()]
    return [sys.executable, "-m", "streamlit", "run", str(APP), *flags]


def problem(database: Path) -> str:
    """Why there can be no dashboard of a DuckDB file, or nothing."""
    if importlib.util.find_spec("streamlit") is None:
        return "Streamlit is not installed; `make dashboard` installs it"
    if not database.is_file():
        return str(missing(database))
    return ""
