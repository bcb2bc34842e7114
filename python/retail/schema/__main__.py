"""`python -m retail.schema`: write the documentation of the insights tables for dbt."""

from __future__ import annotations

from retail.schema.documentation import FILE, as_yaml

FILE.write_text(as_yaml(), encoding="utf-8")
