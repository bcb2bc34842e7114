"""What a client needs: the packages of the server, and an entry in its configuration."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from retail.console import json_text

NAME = "retail"


def problem() -> str:
    """Why there can be no server, or nothing."""
    if importlib.util.find_spec("mcp") is None:
        return "the MCP package is not installed; `make mcp` installs it"
    return ""


def configuration(database: Path) -> str:
    """The entry that most clients take, as JSON: this very Python, and where the file is."""
    arguments = ["-m", "retail", "mcp", "--db", str(database.absolute())]
    return json_text({"mcpServers": {NAME: {"command": sys.executable, "args": arguments}}})
