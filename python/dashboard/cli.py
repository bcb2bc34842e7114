"""Words to calls: the command line of `python -m dashboard`."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from console import FAILED, report
from retail.reading import missing
from warehouse.option import VARIABLE, add_db_option

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
"""Nothing phones home, nothing is exported but through our own button, and the report's colours."""
EXAMPLES = """\
examples:
  python -m dashboard                          http://localhost:8501, of retail.duckdb
  python -m dashboard --db shop.duckdb --port 8600
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; serves until it is stopped, or returns 1 where it can't."""
    options = _parser().parse_args(arguments)
    trouble = _trouble(options.db)
    if trouble:
        report("dashboard", trouble)
        return FAILED
    os.environ[VARIABLE] = str(options.db.absolute())
    os.execv(sys.executable, command(options.host, options.port))  # noqa: S606 - our own program, no shell


def command(host: str, port: int) -> list[str]:
    """The command line that serves the page."""
    settings = OPTIONS | {"server.address": host, "server.port": str(port)}
    flags = [f"--{name}={value}" for name, value in settings.items()]
    return [sys.executable, "-m", "streamlit", "run", str(APP), *flags]


def _trouble(database: Path) -> str:
    """Why there can be no dashboard, or nothing."""
    if importlib.util.find_spec("streamlit") is None:
        return "Streamlit is not installed; `make dashboard` installs it"
    if not database.is_file():
        return str(missing(database))
    return ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="dashboard",
        description="Serve a page to look around in what the last run of detect found.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_db_option(parser)
    parser.add_argument("--port", type=int, default=PORT, help=f"default: {PORT}")
    parser.add_argument(
        "--host", default=HOST,
        help=f"address to listen on (default: {HOST}); anybody who reaches it reads and labels",
    )  # fmt: skip
    return parser
