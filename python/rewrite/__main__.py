"""`python -m rewrite`."""

from __future__ import annotations

from rewrite.cli import main

raise SystemExit(main())
