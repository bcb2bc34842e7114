"""Where the lab is started, and what is installed there."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path

from retail.errors import RetailError

_log = logging.getLogger(__name__)


def project_root() -> Path:
    """The project's root: where the command was started.

    Raises:
        RetailError: there is no dbt project.
    """
    if not Path("dbt_project.yml").is_file():
        raise RetailError(f"{Path.cwd()}: no dbt_project.yml here; start in the project's root")
    return Path.cwd()


def is_installed(name: str) -> bool:
    """Whether a rival such as Polars is installed; logged where it is not."""
    found = importlib.util.find_spec(name.lower()) is not None
    if not found:
        _log.info("without %s, which is not installed here", name)
    return found
