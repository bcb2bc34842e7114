"""`python -m daily`."""

from __future__ import annotations

from daily.cli import main

raise SystemExit(main())
