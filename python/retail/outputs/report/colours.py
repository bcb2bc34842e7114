"""The colours of every screen, as colours.css has them."""

from __future__ import annotations

import re
from pathlib import Path

_SHEET = Path(__file__).parent / "templates" / "colours.css"


def _themes() -> dict[str, dict[str, str]]:
    light, dark = _SHEET.read_text(encoding="utf-8").split("@media", 1)
    found = re.compile(r"--([\w-]+): (#\w+)")
    return {"light": dict(found.findall(light)), "dark": dict(found.findall(dark))}


THEMES = _themes()
"""Of the light and the dark theme: the name of a colour without its dashes, and its code."""
LIGHT = THEMES["light"]
"""Of mails, which have one theme."""
