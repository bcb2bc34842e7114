"""What can be asked for: KPIs, dimensions and their members, tables."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, Field

from retail.formatting import count, member
from retail.outputs.mcp.data import Answer, read_data
from retail.outputs.mcp.questions import DefinitionsQuestion
from retail.outputs.report.words import DIRECTIONS
from retail.reading import Connection, KpiRow, read_kpis, read_products
from retail.reading.measures import (
    read_dimensions,
    read_member_columns,
    read_members,
    require_known,
)
from retail.reading.shop import read_tables
from retail.schema import Grain

FEW, MANY = 8, 200
"""Members that are listed of each dimension, and of one that is asked for."""


class Kpi(BaseModel):
    """A KPI as it is defined."""

    kpi: str
    label: str
    meaning: str
    group: str
    owner: str
    cadence: Grain
    unit: str
    wish: str = Field(description="Which way is better.")
    one_series_per: str | None = Field(description="Dimension whose members have a series each.")


class Member(BaseModel):
    """A member by the name to ask with, and as people know it."""

    member: str
    about: str


class DimensionMembers(BaseModel):
    """What a KPI can be broken down by."""

    dimension: str
    coarser_than: str | None
    members: list[Member]
    left_out: str


class TableDescription(BaseModel):
    """A table of the file, to query with SQL."""

    table: str
    row: str = Field(description="What one row is.")


class DefinitionsAnswer(Answer):
    """What can be asked for."""

    kpis: list[Kpi]
    dimensions: list[DimensionMembers]
    tables: list[TableDescription]


def definitions(connection: Connection, question: DefinitionsQuestion) -> DefinitionsAnswer:
    """Read names and meanings; of one dimension alone where it is asked for."""
    columns = read_member_columns(connection)
    if question.dimension:
        require_known("dimension", question.dimension, columns)
    chosen = [question.dimension] if question.dimension else [*columns]
    products = read_products(connection)
    coarser = {row.name: row.coarser_than for row in read_dimensions(connection)}
    return DefinitionsAnswer(
        data=read_data(connection),
        kpis=[] if question.dimension else [_kpi(row) for row in read_kpis(connection).values()],
        dimensions=[
            _dimension(name, coarser[name], read_members(connection, columns[name]), question,
                       products)
            for name in chosen
        ],
        tables=[] if question.dimension else [
            TableDescription(table=row.table, row=row.description)
            for row in read_tables(connection)
        ],
    )  # fmt: skip


def _kpi(row: KpiRow) -> Kpi:
    return Kpi(
        kpi=row.kpi,
        label=row.label,
        meaning=row.description,
        group=row.kpi_group,
        owner=row.owner,
        cadence=row.cadence,
        unit=row.unit,
        wish=DIRECTIONS[row.direction],
        one_series_per=row.segment_by,
    )


def _dimension(
    name: str,
    coarser_than: str | None,
    names: tuple[str, ...],
    question: DefinitionsQuestion,
    products: Mapping[str, str],
) -> DimensionMembers:
    wanted = (question.containing or "").casefold()
    every = [Member(member=one, about=member(name, one, products)) for one in names]
    found = [row for row in every if wanted in f"{row.member} {row.about}".casefold()]
    listed = found[: MANY if question.dimension else FEW]
    rest = len(found) - len(listed)
    how = "narrow `containing`" if question.dimension else "give `dimension`, and `containing`"
    return DimensionMembers(
        dimension=name,
        coarser_than=coarser_than,
        members=listed,
        left_out=f"{count(rest, 'member')}; {how}." if rest else "",
    )
