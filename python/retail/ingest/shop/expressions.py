"""Expressions of shop.yml over the columns of one row, checked with sqlglot and written for DuckDB.

Every column is a text. It is read as a number where it is calculated with, or compared to a number;
texts are compared without regard to capitals and blanks around them.
"""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import SqlglotError

from retail.ingest.errors import IngestError

_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg, exp.Abs, exp.Round)
_COMPARED = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.In, exp.Between)
_TEXTS = (
    exp.Lower, exp.Upper, exp.Trim, exp.Substring, exp.Left, exp.Right, exp.Replace, exp.Concat,
    exp.DPipe, exp.SplitPart, exp.RegexpExtract, exp.Like, exp.ILike, exp.StartsWith,
)  # fmt: skip
_ALLOWED = (
    *_ARITHMETIC, *_COMPARED, *_TEXTS, exp.And, exp.Or, exp.Not, exp.Is, exp.Null, exp.Boolean,
    exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Column, exp.Identifier, exp.Literal, exp.Paren,
    exp.Greatest, exp.Least, exp.Cast, exp.DataType, exp.DataTypeParam,
)  # fmt: skip
_HELP = (
    "allowed: columns, numbers, texts, + - * /, comparisons, in, between, like, is null, and, or, "
    "not, case, coalesce, nullif, abs, round, lower, upper, trim, left, right, replace, substring, "
    "split_part, concat, greatest, least"
)


def columns_in(expression: str, where: str) -> list[str]:
    """Name the columns that an expression reads.

    Raises:
        IngestError: it is none, or has more in it than a row expression may.
    """
    return [column.name for column in _parse(expression, where).find_all(exp.Column)]


def to_sql(
    expression: str, where: str, text: Callable[[str], str], number: Callable[[str], str]
) -> str:
    """Write an expression for DuckDB.

    Args:
        expression: over the columns of one row.
        where: the setting it is of, as the error line names it.
        text: gives the SQL name of a column's text; refuses a name that is none.
        number: gives the SQL name of a column's number.

    Raises:
        IngestError: it is no expression over one row.
    """
    tree = _parse(expression, where)
    columns = list(tree.find_all(exp.Column))
    numeric = {id(column) for column in columns if _is_calculated(column)}
    for literal in list(tree.find_all(exp.Literal)):
        if literal.is_string and _is_compared(literal):
            literal.replace(exp.Literal.string(literal.this.strip().lower()))
    for column in columns:
        is_number = id(column) in numeric
        name = number(column.name) if is_number else text(column.name)
        found: exp.Expr = exp.column(name)
        if not is_number and _is_compared(column):
            found = exp.func("lower", exp.func("trim", found))
        tree = found if column is tree else tree
        column.replace(found)
    return tree.sql(dialect="duckdb")


def _parse(expression: str, where: str) -> exp.Expr:
    try:
        tree = sqlglot.parse_one(expression, dialect="duckdb")
        tree.sql(dialect="duckdb")
    except SqlglotError as error:
        raise IngestError(f"{where} is '{expression}', which is no expression; {_HELP}") from error
    except RecursionError as error:
        raise IngestError(f"{where} has brackets in brackets without end; write less") from error
    for node in tree.walk():
        if not isinstance(node, _ALLOWED):
            raise IngestError(f"{where} may not have '{node.sql(dialect='duckdb')}' in it; {_HELP}")
    return tree


def _is_calculated(column: exp.Expr) -> bool:
    """Whether a column stands in a calculation, or is compared to a number."""
    parent = _parent(column)
    if isinstance(parent, _ARITHMETIC):
        return True
    if isinstance(parent, _COMPARED):
        others = [node for node in parent.iter_expressions() if node is not column]
        is_order = not isinstance(parent, (exp.EQ, exp.NEQ, exp.In))
        has_text = any(isinstance(node, exp.Literal) and node.is_string for node in others)
        return any(map(_is_number, others)) or (is_order and not has_text)
    return False


def _is_number(node: exp.Expr) -> bool:
    while isinstance(node, exp.Paren):
        node = node.this
    return isinstance(node, _ARITHMETIC) or (isinstance(node, exp.Literal) and not node.is_string)


def _is_compared(node: exp.Expr) -> bool:
    return isinstance(_parent(node), (*_COMPARED, exp.Like, exp.ILike))


def _parent(node: exp.Expr) -> exp.Expr | None:
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return parent
