"""What the daily job did and when, run by run, also of runs that failed: a file of its own."""

from __future__ import annotations

from runlog.file import path_of, read
from runlog.records import ALL, Node, Run, Step
from runlog.write import Log, keep_log

__all__ = ["ALL", "Log", "Node", "Run", "Step", "keep_log", "path_of", "read"]
