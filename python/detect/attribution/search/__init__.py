"""Root causes over combinations of dimensions: which segments made a measure deviate.

`find_root_causes` takes a table and answers in plain dictionaries; `search` takes integer codes
and answers with contributions, intervals and confidence. Neither knows anything of KPIs.
"""

from __future__ import annotations

from detect.attribution.search.api import find_root_causes, search
from detect.attribution.search.records import (
    Cause,
    Element,
    Findings,
    Measure,
    Ratios,
    Sums,
)

__all__ = [
    "Cause",
    "Element",
    "Findings",
    "Measure",
    "Ratios",
    "Sums",
    "find_root_causes",
    "search",
]
