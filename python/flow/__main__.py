"""`python -m flow`."""

from __future__ import annotations

from flow.cli import main

raise SystemExit(main())
