"""`python -m lakehouse`."""

from __future__ import annotations

from console import start

raise SystemExit(start("lakehouse"))
