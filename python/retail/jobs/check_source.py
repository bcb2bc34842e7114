"""Check a source: classify its rows in a database of their own, as a build would."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import yaml

from retail.errors import RetailError, shorten
from retail.formatting import off, price
from retail.ingest import IngestError, Landing
from retail.ingest.last_run import last_source
from retail.ingest.parquet_cache import cache_folder, land_project
from retail.ingest.sources import SOURCE_VARIABLE, place_of
from retail.jobs.daily.build import BUILD_WORDS, build, environment
from retail.reading import has_table
from retail.storage.errors import StorageError
from retail.storage.publish import staged_build

UP_TO = "dim_kpis"
"""The model that says which KPIs are off, above the one that says what becomes of each row."""
FILES = "stg_online_retail__files"
"""The model whose tests judge how each file was read."""
SEEDS = "path:seeds"
"""All of them: their tests stop a build, whatever reads them."""
CLASSIFY = (*BUILD_WORDS, "--select", f"+{UP_TO}", FILES, SEEDS, "--indirect-selection", "cautious")
STOPPED = "dbt build stopped: "
TOTALS = """
    select
        count(*) as rows,
        count(*) filter (where reject_reason is null) as accepted,
        count(*) filter (where reject_reason = 'duplicate') as duplicates,
        count(*) filter (where reject_reason = 'malformed') as malformed,
        count(*) filter (where reject_reason = 'ignored') as ignored,
        min(cast(ordered_at as date)) filter (where reject_reason is null) as first_day,
        max(cast(ordered_at as date)) filter (where reject_reason is null) as last_day,
        count(distinct cast(ordered_at as date)) filter (
            where reject_reason is null
        ) as trading_days,
        count(distinct customer_id) filter (where reject_reason is null) as customers,
        count(*) filter (where reject_reason is null and customer_id is null) as guests,
        count(distinct country) filter (
            where reject_reason is null and country != ?
        ) as countries,
        count(distinct stock_code) filter (where line_type in ('sale', 'return')) as products,
        count(distinct invoice_no) filter (where line_type in ('sale', 'return')) as orders
    from intermediate.int_order_lines__classified
"""
TYPES = """
    select line_type, count(*), sum(amount) from intermediate.int_order_lines__classified
    where line_type is not null group by 1 order by 1
"""
KPIS_OFF = """
    select kpi, label, off_reason from marts.dim_kpis
    where off_reason is not null order by kpi_group, label
"""


@dataclass(frozen=True)
class Check:
    """What a source was read as, and whether it would be built."""

    rows: int = 0
    accepted: int = 0
    duplicates: int = 0
    malformed: int = 0
    ignored: int = 0
    first_day: str | None = None
    last_day: str | None = None
    trading_days: int = 0
    line_types: dict[str, dict[str, Any]] = field(default_factory=dict)
    customers: int = 0
    guests: int = 0
    countries: int = 0
    products: int = 0
    orders: int = 0
    kpis_off: dict[str, dict[str, str]] = field(default_factory=dict)
    """By KPI: its label, and what the source lacks that it needs."""
    read_as: dict[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    refused: str | None = None

    def to_json(self) -> str:
        """One JSON object; its keys are those of the fields."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=2)


def check(project: Path, source: str | None, database: Path) -> Check:
    """Read a source, classify its rows, and say what came of them; nothing is published.

    Args:
        project: root of the dbt project.
        source: as RETAIL_SOURCE names it; None for what a run would read.
        database: the DuckDB file that a run would publish, for its last source.

    Raises:
        StorageError: that file can't be read.
    """
    try:
        settings = {SOURCE_VARIABLE: str(place_of(source, Path.cwd()))} if source else {}
    except IngestError as error:
        return Check(refused=str(error))
    with environment(**settings), _warnings() as said:
        try:
            landing = land_project(project, cache_folder(project), last_source(database))
        except IngestError as error:
            return Check(warnings=tuple(said), refused=str(error))
        landed = tuple(dict.fromkeys(said))
        with tempfile.TemporaryDirectory(prefix="retail-check-") as folder:
            found = _classify(project, Path(folder) / "check.duckdb", landing)
    return Check(**{**found, "warnings": (*landed, *found["warnings"])})


def _classify(project: Path, database: Path, landing: Landing) -> dict[str, Any]:
    """Build the rows up to their classification, and count them; also where a test refuses."""
    refused: str | None = None
    warnings: tuple[str, ...] = ()
    with staged_build(database, lambda _, __: None) as copy:
        try:
            warnings = build(project, copy, CLASSIFY).warnings
        except RetailError as error:
            if not copy.exists():
                raise  # nothing was built at all: it is not the data that are refused
            refused = str(error).removeprefix(STOPPED)
        settings = yaml.safe_load((project / "dbt_project.yml").read_text(encoding="utf-8"))
        counted = _count(copy, settings["vars"]["unknown_country"]) if copy.exists() else {}
    return {
        **counted,
        "read_as": _read_as(landing),
        "warnings": warnings,
        "refused": refused,
    }


def _count(database: Path, unknown_country: str) -> dict[str, Any]:
    try:
        with duckdb.connect(str(database), read_only=True) as connection:
            totals = connection.execute(TOTALS, [unknown_country])
            names = [column[0] for column in totals.description]
            counts = dict(zip(names, totals.fetchall()[0], strict=True))
            types = connection.execute(TYPES).fetchall()
            off = _kpis_off(connection)
    except duckdb.CatalogException:
        return {}  # refused before the rows were classified
    except duckdb.Error as error:
        raise StorageError(f"{database}: {error}") from error
    for name in ("first_day", "last_day"):
        counts[name] = counts[name] and counts[name].isoformat()
    line_types = {kind: {"rows": rows, "amount": f"{amount:f}"} for kind, rows, amount in types}
    return {**counts, "line_types": line_types, "kpis_off": off}


def _kpis_off(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """The KPIs that the source lacks something for; none where a test has refused it before."""
    if not has_table(connection, "marts", "dim_kpis"):
        return {}
    return {
        kpi: {"label": label, "reason": reason}
        for kpi, label, reason in connection.execute(KPIS_OFF).fetchall()
    }


def _read_as(landing: Landing) -> dict[str, Any]:
    """What was decided of each file, and of all of them, with its evidence."""
    files = {
        file.source_file: {
            "form": file.form,
            "preset": file.preset,
            "columns": json.loads(file.columns) if file.columns else {},
            "date_order": file.date_order,
            "date_evidence": file.date_evidence,
            "encoding": file.encoding,
            "currency": file.currency,
            "note": file.note,
        }
        for file in landing.files
    }
    facts = landing.facts
    return {
        "files": files,
        "rules": "uci" if facts.is_uci else "of shop.yml",
        "duplicates": facts.duplicates,
        "orders_numbered_by_day": facts.numbers_by_day,
        "home_country": facts.home_country,
        "timezone": landing.shop.shop.timezone,
    }


@contextmanager
def _warnings() -> Iterator[list[str]]:
    """Collect what reading the files warns of."""
    messages: list[str] = []
    handler = _Collector(messages)
    logger = logging.getLogger("retail.ingest")
    logger.addHandler(handler)
    logger.propagate = False  # printed once, with the answer
    try:
        yield messages
    finally:
        logger.propagate = True
        logger.removeHandler(handler)


class _Collector(logging.Handler):
    def __init__(self, messages: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._messages = messages

    def emit(self, record: logging.LogRecord) -> None:
        self._messages.append(shorten(record.getMessage()))


def summary(found: Check) -> Sequence[str]:
    """The lines that a person reads."""
    files = found.read_as.get("files", {})
    lines = []
    for name, file in files.items():
        columns = ", ".join(f"{key} = {column}" for key, column in file["columns"].items())
        form = f" as {file['preset']}" if file["preset"] else ""
        order = f"; dates {file['date_order']} ({file['date_evidence']})"
        note = f"; {file['note']}" if file["note"] else ""
        lines.append(f"{name}: read{form}{order if file['date_order'] else ''}; {columns}{note}")
    if found.rows:
        lines.append(
            f"{found.rows:,} rows: {found.accepted:,} order lines, {found.duplicates:,} "
            f"duplicates, {found.malformed:,} malformed, {found.ignored:,} ignored; "
            f"{found.first_day} to {found.last_day}, {found.trading_days:,} trading days"
        )
        lines += [
            f"{kind}: {one['rows']:,} lines, {price(Decimal(one['amount']))}"
            for kind, one in found.line_types.items()
        ]
        lines.append(
            f"{found.orders:,} orders, {found.customers:,} customers, {found.guests:,} lines "
            f"without a customer, {found.products:,} products, {found.countries:,} countries"
        )
    lines += off((one["label"], one["reason"]) for one in found.kpis_off.values())
    lines += [f"warning: {warning}" for warning in found.warnings]
    return lines
