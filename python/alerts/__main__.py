"""`python -m alerts`."""

from __future__ import annotations

from alerts.cli import main

raise SystemExit(main())
