"""Members: every product, country and other part of the shop, watched by itself.

A day on which one product triples in one country may leave every total within its band. Each
member of the dimensions that findings are broken down by is judged by its own past: a surge, a
collapse, a disappearance, a wave of returns. All of them share one budget of false alarms.
"""

from __future__ import annotations

from detect.members.findings import select
from detect.members.panel import AMOUNTS, MemberPanel, Renaming, by_week
from detect.members.renaming import find as find_renamings

__all__ = ["AMOUNTS", "MemberPanel", "Renaming", "by_week", "find_renamings", "select"]
