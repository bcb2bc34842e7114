"""`python -m detect`."""

from __future__ import annotations

from detect.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
