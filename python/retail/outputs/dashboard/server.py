"""The Streamlit server of the dashboard, and its settings."""

from __future__ import annotations

import importlib.util
import socket
import sys
from pathlib import Path
from urllib.parse import urlencode

from retail.outputs.report.colours import THEMES
from retail.reading import missing

APP = Path(__file__).with_name("app.py")
SERVED = Path(__file__).with_name("serve.py")
LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})
EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - recognised, not chosen
TOKEN = "token"  # noqa: S105 - its name in the address
"""What an address has besides, where others than this machine's users reach it."""
HOST_VARIABLE, TOKEN_VARIABLE = "RETAIL_DASHBOARD_HOST", "RETAIL_DASHBOARD_TOKEN"
"""What the command tells the server: neither is on a command line, which others may list."""
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
    "theme.showWidgetBorder": "true",
} | {
    f"theme.{theme}.{name}Color": colours[colour]
    for theme, colours in THEMES.items()
    for name, colour in {
        "primary": "link", "background": "paper", "secondaryBackground": "sheet",
        "text": "ink", "border": "rule",
    }.items()
}  # fmt: skip
"""No telemetry, no export but by our own button, and the report's colours."""


def command(host: str, port: int) -> list[str]:
    """The command line that serves the page."""
    settings = OPTIONS | {
        "browser.serverAddress": _name(host),  # without it, Streamlit asks the internet for one
        "server.address": host,
        "server.port": str(port),
    }
    flags = [f"--{name}={value}" for name, value in settings.items()]
    return [sys.executable, "-m", "streamlit", "run", str(SERVED), *flags]


def address(host: str, port: int, token: str) -> str:
    """The address of a dashboard that listens to ``host``, for a browser elsewhere."""
    return f"http://{_name(host)}:{port}/?{urlencode({TOKEN: token})}"


def _name(host: str) -> str:
    """What a browser elsewhere calls what listens to ``host``."""
    if host in EVERYWHERE:
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host


def problem(database: Path) -> str:
    """Why there can be no dashboard of a DuckDB file, or nothing."""
    if importlib.util.find_spec("streamlit") is None:
        return "Streamlit is not installed; `make dashboard` installs it"
    if not database.is_file():
        return str(missing(database))
    return ""
