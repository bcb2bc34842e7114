"""`python -m daily`."""

from __future__ import annotations

from console import start

raise SystemExit(start("daily"))
