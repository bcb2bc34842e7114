"""How KPIs are made of measures, and these and dimensions of an order line: SQL of the build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from operator import itemgetter

from detect.attribution.dimensions import Dimension, Months
from detect.group_by import group_by
from detect.records import NONE
from retail.errors import RetailError
from retail.formatting import product, words
from retail.reading.file import Connection, has_table
from retail.reading.shop import read_products

MOST_NEAR, MOST_LISTED = 3, 20
"""Names that are said to be near, and that are listed where none is."""
DEAD_MONTHS = """
    select dimension, month_start from marts.fct_dimensions_monthly where not is_broken_down
    order by all
"""
CLOSE = 0.5
"""How much alike two names must be, between 0 and 1, for one to be said to be near."""


@dataclass(frozen=True)
class Definition:
    """How a KPI is worked out, a row of marts.dim_kpis."""

    numerator: str
    denominator: str | None
    scale: str
    warm_up_days: int


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
        "select dimension, coarser_than, root_cause_use from marts.dim_dimensions order by place"
    ).fetchall()
    return tuple(Dimension(*row) for row in rows)


def read_dead_months(connection: Connection) -> Months:
    """Read the months that are not broken down by a dimension."""
    if not has_table(connection, "marts", "fct_dimensions_monthly"):
        return {}
    rows = connection.execute(DEAD_MONTHS).fetchall()
    return {
        name: frozenset(day for _, day in of) for name, of in group_by(rows, itemgetter(0)).items()
    }


def read_member_columns(connection: Connection) -> Mapping[str, str]:
    """Read the member of an order line as text, by dimension, in the same order."""
    rows = connection.execute(
        "select dimension, expr from marts.dim_dimensions order by place"
    ).fetchall()
    return {name: as_member(expr) for name, expr in rows}


def read_members(connection: Connection, column: str) -> tuple[str, ...]:
    """Read the members that order lines have, in order; `column` is from `read_member_columns`."""
    rows = connection.execute(
        f"select distinct {column} from marts.fct_kpi_lines order by 1"  # noqa: S608 - an expression that the build has checked
    ).fetchall()
    return tuple(member for (member,) in rows)


def as_member(cell: str) -> str:
    """SQL of a cell of a dimension, as the member that it is of."""
    return f"coalesce(cast({cell} as varchar), '{NONE}')"


def read_definition(connection: Connection, kpi: str) -> Definition:
    """Read how a KPI that there is is worked out."""
    query = """
        select numerator_measure, denominator_measure, scale, warm_up_days
        from marts.dim_kpis where kpi = ?
    """
    return Definition(*connection.execute(query, [kpi]).fetchall()[0])


def require_known(what: str, name: str, known: Iterable[str]) -> None:
    """Refuse a name that nothing has, and say the nearest ones.

    Raises:
        RetailError: nothing goes by it.
    """
    names = {one: one for one in known}
    if name not in names:
        raise RetailError(f"no {what} {name!r}; {_nearest(name, names)}")


def require_members(
    connection: Connection, segment: Mapping[str, str], columns: Mapping[str, str]
) -> None:
    """Refuse a member that no order line ever had, and say the nearest ones; a product by name too.

    Args:
        connection: from `reading`.
        segment: dimension to member.
        columns: from `read_member_columns`.

    Raises:
        RetailError: there is no such member.
    """
    products = read_products(connection)
    for dimension, member in segment.items():
        known = {name: name for name in read_members(connection, columns[dimension])}
        if member in known:
            continue
        if dimension == "product":
            known |= {products[code]: product(code, products) for code in known if code in products}
        raise RetailError(f"no {words(dimension)} {member!r}; {_nearest(member, known)}")


def _nearest(name: str, shown: Mapping[str, str]) -> str:
    """Say which known names are meant, or some of them; each with how it is shown."""
    by_letters = {known.casefold(): told for known, told in shown.items()}
    close = get_close_matches(name.casefold(), by_letters, MOST_NEAR, CLOSE)
    if close:
        return f"the nearest is {' or '.join(dict.fromkeys(by_letters[one] for one in close))}"
    some = sorted(set(shown.values()))
    more = ", …" if len(some) > MOST_LISTED else ""
    return f"there are {', '.join(some[:MOST_LISTED])}{more}"
