"""Compare a build with the published one that it replaces: revised figures, and their order lines.

A period is settled once it was published as complete, or with a later day beside it.
"""

from __future__ import annotations

from pathlib import Path

from detect.records import GRAINS, PERIOD_DAYS
from retail.jobs.detection.store.connection import Connection, connect
from retail.reading.file import rows_of
from retail.schema import RevisedLineRow, RevisionRow
from retail.storage.publish import is_private, published_as
from retail.storage.quoting import literal

MOST_LINES = 10_000
"""Revised order lines kept of a run, those of the largest amounts; `revisions` counts all."""
COMPARED = frozenset({"dim_kpis", "dim_sources", "fct_kpis_daily", "fct_kpis_weekly"})
Revisions = tuple[list[RevisionRow], list[RevisedLineRow]]

# A simulated shop, or the public data set, is no earlier state of somebody's own.
IS_SAME_SHOP = """
    select exists (
        select origin from marts.dim_sources
        intersect
        select origin from published.marts.dim_sources
    )
"""
# Earlier files have the measures of a KPI in columns without `_measure`.
FIGURES = """
    create or replace temp table revised_figures as
    with old_kpis as (
        select
            kpi, columns('^numerator(_measure)?$') as numerator,
            columns('^denominator(_measure)?$') as denominator
        from published.marts.dim_kpis
    ),
    kpis as (
        select now.kpi
        from marts.dim_kpis as now
        inner join old_kpis as old
            on
                now.kpi = old.kpi
                and now.numerator_measure = old.numerator
                and now.denominator_measure is not distinct from old.denominator
    ),
    newest as (
        select max(period_start) as newest_day from published.marts.fct_kpis_daily
    )
"""
FIGURES_OF_GRAIN = """
    select
        kpi, segment, '{grain}' as grain, period_start, period_start + {days} - 1 as period_end,
        old.value as value_before, now.value as value_after
    from published.marts.fct_kpis_{grain} as old
    full join marts.fct_kpis_{grain} as now using (kpi, segment, period_start)
    cross join newest
    where
        kpi in (select kpi from kpis)
        and (old.is_complete or period_start + {days} - 1 < newest_day)
        and (
            coalesce(old.numerator, 0) != coalesce(now.numerator, 0)
            or coalesce(old.denominator, 0) != coalesce(now.denominator, 0)
        )
"""
# Lines are compared by what they say, not by their place: a row that is inserted moves all others.
# What is gone and what came of the same order and product is one line that changed.
LINES = """
    create or replace temp table revised_lines as
    with days as (
        select distinct unnest(generate_series(period_start, period_end, interval 1 day))::date
            as order_date
        from revised_figures
    ),
    both_builds as (
        {now}
        union all
        {before}
    ),
    counted as (
        select
            *,
            row_number() over (
                partition by is_new, order_date, said, counts_as order by source_file, source_row
            ) as copy_no
        from both_builds
    ),
    unlike as (
        select * from counted
        qualify count(*) over (partition by order_date, said, counts_as, copy_no) = 1
    ),
    numbered as (
        select
            *,
            row_number() over (
                partition by is_new, order_date, invoice_no, product
                order by source_file, source_row
            ) as line_no
        from unlike
    )
    select
        order_date,
        case
            when old.said is null then 'added'
            when now.said is null then 'removed'
            when old.said = now.said then 'reclassified'
            else 'changed'
        end as revision,
        coalesce(now.source_file, old.source_file) as source_file,
        coalesce(now.source_row, old.source_row) as source_row,
        invoice_no, product,
        coalesce(now.customer_id, old.customer_id) as customer_id,
        coalesce(now.line_type, old.line_type) as line_type,
        old.quantity as quantity_before,
        now.quantity as quantity_after,
        old.amount as amount_before,
        now.amount as amount_after
    from (select * from numbered where not is_new) as old
    full join (select * from numbered where is_new) as now
        using (order_date, invoice_no, product, line_no)
"""
LINES_OF_BUILD = """
        select
            order_date, coalesce(invoice_no, '') as invoice_no, coalesce(product, '') as product,
            customer_id, line_type, source_file, source_row, {is_new} as is_new,
            cast(quantity as double) as quantity, cast(amount as double) as amount,
            concat_ws(
                chr(31), invoice_no, product, ordered_at, cast(quantity as decimal(38, 8)),
                cast(unit_price as decimal(38, 8)), coalesce(customer_id, ''), country
            ) as said,
            concat_ws(chr(31), line_type, market, order_number > 1, is_first_order) as counts_as
        from {schema}.fct_order_lines
        where order_date in (select order_date from days)
"""
REVISED = """
    select
        {run_id} as run_id, kpi, segment, grain, period_start, value_before, value_after,
        count(revision) filter (revision = 'added') as lines_added,
        count(revision) filter (revision = 'removed') as lines_removed,
        count(revision) filter (revision in ('changed', 'reclassified')) as lines_changed
    from revised_figures
    left join revised_lines on order_date between period_start and period_end
    group by all
    order by grain, period_start, kpi, segment
"""
REVISED_LINES = """
    select {run_id} as run_id, * from revised_lines
    order by
        abs(coalesce(amount_after, 0) - coalesce(amount_before, 0)) desc,
        order_date, source_file, source_row
    limit {most}
"""


def read_revisions(path: Path, run_id: str) -> Revisions:
    """Read which settled figures a build revises, and the order lines that did it.

    Args:
        path: a private copy that is to be published; any other file revises nothing.
        run_id: the run that finds it.

    Raises:
        StorageError: one of the files can't be read.
    """
    published = published_as(path)
    if not is_private(path) or not published.is_file():
        return [], []
    with connect(path, read_only=True) as connection:
        connection.execute(f"attach {literal(published)} as published (read_only)")
        if not _is_earlier_state(connection):
            return [], []
        grains = (FIGURES_OF_GRAIN.format(grain=g, days=PERIOD_DAYS[g]) for g in GRAINS)
        connection.execute(FIGURES + " union all ".join(grains))
        if connection.execute("select count(*) from revised_figures").fetchone() == (0,):
            return [], []
        connection.execute(_lines(connection))
        return _revisions(connection, run_id)


def _is_earlier_state(connection: Connection) -> bool:
    """Whether the published file has the tables, of the same shop."""
    has_all = _tables(connection, "published") >= COMPARED
    return has_all and connection.execute(IS_SAME_SHOP).fetchone() == (True,)


def _tables(connection: Connection, database: str) -> set[str]:
    """Names of the tables of the marts; views, which Spark leaves, show what it has now."""
    rows = connection.execute(
        "select table_name from duckdb_tables() where schema_name = 'marts' and database_name = ?",
        [database],
    ).fetchall()
    return {name for (name,) in rows}


def _lines(connection: Connection) -> str:
    """The query of the revised lines: of none where one of the builds has no table of lines."""
    now = LINES_OF_BUILD.format(is_new="true", schema="marts")
    before = LINES_OF_BUILD.format(is_new="false", schema="published.marts")
    if "fct_order_lines" not in _tables(connection, "published"):
        now, before = f"{now} and false", f"{now} and false"
    return LINES.format(now=now, before=before)


def _revisions(connection: Connection, run_id: str) -> Revisions:
    run = literal(run_id)
    figures = rows_of(connection, RevisionRow, REVISED.format(run_id=run))
    lines = rows_of(connection, RevisedLineRow, REVISED_LINES.format(run_id=run, most=MOST_LINES))
    return list(figures), list(lines)
