"""Where the lab is started, and what is installed there."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path

from retail.console.cli import require_project

_log = logging.getLogger(__name__)


def project_root() -> Path:
    """The project's root: where the command was started.

    Raises:
        RetailError: there is no dbt project.
    """
    return require_project(Path.cwd())


def is_installed(name: str) -> bool:
    """Whether a rival such as Polars is installed; logged where it is not."""
    found = importlib.util.find_spec(name.lower()) is not None
    if not found:
        _log.info("without %s, which is not installed here", name)
    return found
