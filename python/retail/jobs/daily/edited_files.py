"""Look at what people edit of the project before dbt reads it.

Of a key that is there twice dbt takes the second and forgets what stands below the first: a whole
list of KPIs, maybe. And of a text that is not UTF-8, as a spreadsheet saves it, it names no file.
"""

from __future__ import annotations

from pathlib import Path

from retail.ingest.shop.reading import read_text, read_yaml

SEEDS = "seeds/*.csv"
KPIS = ("models/marts/kpis/*.yml", "models/marts/fct_kpi_lines.yml")


def insist_on_readable(project: Path) -> None:
    """Read the seeds and the YAML of the KPIs.

    Raises:
        IngestError: one is not UTF-8, or no YAML whose keys are there once; the line names it.
    """
    for path in sorted(project.glob(SEEDS)):
        read_text(path)
    for pattern in KPIS:
        for path in sorted(project.glob(pattern)):
            read_yaml(read_text(path), str(path.relative_to(project)))
