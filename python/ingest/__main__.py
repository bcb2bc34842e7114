"""Entry point of ``python -m ingest``."""

from console import start

raise SystemExit(start("ingest"))
