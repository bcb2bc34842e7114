"""`python -m dashboard`."""

from __future__ import annotations

from console import start

if __name__ == "__main__":
    raise SystemExit(start("dashboard"))
