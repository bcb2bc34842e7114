"""The run log: what the daily job did and when, failed runs included, in a file of its own."""

from __future__ import annotations

from retail.storage.run_log.file import path_of, read
from retail.storage.run_log.records import ALL, Node, Run, Step
from retail.storage.run_log.write import Log, keep_log

__all__ = ["ALL", "Log", "Node", "Run", "Step", "keep_log", "path_of", "read"]
