"""`python -m flow`."""

from __future__ import annotations

from console import start

raise SystemExit(start("flow"))
