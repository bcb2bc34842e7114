"""`retail why`: why a KPI differs between two periods, or from what was expected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import click

from retail.console import FINE
from retail.console.cli import DATE, Command, database_option, examples, json_option, say
from retail.outputs import why as shown
from retail.reading.order_lines import Span
from retail.reading.why import FORECAST, Question, read_why

BETWEEN = ".."
"""Between the first and the last day of a period that is written as one word."""


Against = Span | Literal["forecast"]


class Days(click.ParamType[Against]):
    """A period as FROM..TO, or what was expected."""

    name = "period"

    def convert(
        self, value: str | Span, param: click.Parameter | None, ctx: click.Context | None
    ) -> Against:
        """Parse a period."""
        if isinstance(value, Span):
            return value
        if value == FORECAST:
            return FORECAST
        first, between, last = value.partition(BETWEEN)
        if not between:
            what = f"no period such as 2011-10-01..2011-10-31, nor {FORECAST}"
            self.fail(f"{value!r} is {what}", param, ctx)
        return Span(DATE.convert(first, param, ctx), DATE.convert(last, param, ctx))


class Member(click.ParamType[tuple[str, str]]):
    """A member of a dimension as DIMENSION=MEMBER."""

    name = "member"

    def convert(
        self, value: str | tuple[str, str], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Parse a member."""
        if isinstance(value, tuple):
            return value
        dimension, equals, member = value.partition("=")
        if not (dimension and equals and member):
            self.fail(f"{value!r} is no member such as country=France", param, ctx)
        return dimension, member


class WhyCommand(Command):
    """The command, which reads `--against FROM --to TO` as `--against FROM..TO`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Join the two days that are compared with."""
        return super().parse_args(ctx, joined_against(args))


def joined_against(args: Sequence[str]) -> list[str]:
    """Arguments in which a `--to` that belongs to `--against` is a part of it."""
    words = [part for word in args for part in _split(word)]
    joined: list[str] = []
    at = -1
    for i, word in enumerate(words):
        if word in ("--from", "--against"):
            at = len(joined) + 1 if word == "--against" else -1
        is_period = 0 < at < len(joined) and joined[at] != FORECAST
        if is_period and words[i - 1] == "--to":
            joined[at] += BETWEEN + word
            joined.pop()
            at = -1
        else:
            joined.append(word)
    return joined


def _split(word: str) -> list[str]:
    """`--to=DAY` as two words."""
    option, equals, value = word.partition("=")
    return [option, value] if equals and option in ("--from", "--to", "--against") else [word]


@click.command(
    "why",
    cls=WhyCommand,
    epilog=examples(
        "retail why total_revenue --from 2011-11-21 --to 2011-11-27",
        "retail why return_rate --from 2011-11-01 --to 2011-11-30 --against 2011-10-01..2011-10-31",
        "retail why total_revenue --from 2011-11-21 --to 2011-11-27 --against forecast",
        "retail why order_count --from 2011-11-01 --to 2011-11-30 --segment country=Germany",
    ),
)
@click.argument("kpi", metavar="KPI")
@click.option("--from", "first", type=DATE, required=True, metavar="DATE", help="The first day.")
@click.option("--to", "last", type=DATE, required=True, metavar="DATE", help="The last day.")
@click.option(
    "--against", type=Days(), metavar="FROM..TO",
    help="What to compare with, also as --against FROM --to TO, or `forecast` for what was "
    "expected (default: as many days just before).",
)  # fmt: skip
@click.option(
    "--segment", "segments", type=Member(), multiple=True, metavar="DIMENSION=MEMBER",
    help="Only these order lines; may be repeated.",
)  # fmt: skip
@database_option()
@json_option
def why_command(
    kpi: str,
    first: dt.date,
    last: dt.date,
    against: Against | None,
    segments: tuple[tuple[str, str], ...],
    db: Path,
    *,
    json: bool,
) -> int:
    """Explain why a KPI differs between two periods, or from what was expected of it.

    KPI is a name of marts.dim_kpis, such as total_revenue.
    """
    answer = read_why(db, Question(kpi, Span(first, last), against, dict(segments)))
    say(shown.as_json(answer) if json else shown.text(answer))
    return FINE
