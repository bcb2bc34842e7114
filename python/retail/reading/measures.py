"""How measures and dimensions are worked out of an order line: SQL that the build has checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detect.attribution.dimensions import Dimension
from retail.reading.file import Connection

NONE = "(none)"
"""The member of lines that have none."""


@dataclass(frozen=True)
class Measure:
    """How a measure is worked out from lines.

    `largest` is how many members of a dimension it is of, 0 where of all; `member` and `ranked` are
    those of the dimension and the measure that ranks them.
    """

    name: str
    agg: str
    expr: str
    largest: int
    member: str | None
    ranked: str | None

    @property
    def is_sum(self) -> bool:
        """Whether lines add up to it; otherwise it counts distinct things."""
        return self.agg == "sum"

    def column(self) -> str:
        """What is read of each line."""
        if self.largest:
            return f"cast({self.ranked} as double)"
        return f"cast({self.expr} as {'double' if self.is_sum else 'varchar'})"


def read_measures(
    connection: Connection, grain: str, measures: Sequence[str]
) -> tuple[Measure, ...]:
    """Read the definitions of some measures, in order of name.

    Args:
        connection: from `reading`, or of a job.
        grain: where a measure differs from grain to grain, the one that is meant.
        measures: their names.
    """
    rows = connection.execute(
        """
        select
            measures.measure, measures.agg, measures.expr,
            coalesce(measures.largest_members, 0), dimensions.expr, ranking.expr
        from marts.dim_measures as measures
        left join marts.dim_dimensions as dimensions
            on measures.largest_of = dimensions.dimension
        left join marts.dim_measures as ranking
            on measures.largest_by = ranking.measure and measures.grain = ranking.grain
        where measures.grain = ? and list_contains(?::varchar[], measures.measure)
        order by measures.measure
        """,
        [grain, list(measures)],
    ).fetchall()
    return tuple(Measure(*row) for row in rows)


def read_dimensions(connection: Connection) -> tuple[Dimension, ...]:
    """Read what findings are broken down by, in the order of the semantic model."""
    rows = connection.execute(
        "select dimension, coarser_than, root_cause from marts.dim_dimensions order by place"
    ).fetchall()
    return tuple(Dimension(*row) for row in rows)


def read_member_columns(connection: Connection) -> Mapping[str, str]:
    """Read the member of an order line as text, by dimension, in the same order."""
    rows = connection.execute(
        "select dimension, expr from marts.dim_dimensions order by place"
    ).fetchall()
    return {name: f"coalesce(cast({expr} as varchar), '{NONE}')" for name, expr in rows}
