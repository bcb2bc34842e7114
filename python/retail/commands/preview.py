"""`retail preview`: what other settings of a KPI would have found."""

from __future__ import annotations

from pathlib import Path

import click

from retail.console import FINE
from retail.console.cli import Command, database_option, examples, json_option, say
from retail.jobs.detection.preview import preview
from retail.outputs import preview as shown


class Setting(click.ParamType[tuple[str, float]]):
    """A setting as NAME=NUMBER."""

    name = "setting"

    def convert(
        self,
        value: str | tuple[str, float],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> tuple[str, float]:
        """Parse a setting."""
        if isinstance(value, tuple):
            return value
        name, equals, number = value.partition("=")
        try:
            return name.strip(), float(number)
        except ValueError:
            wanted = "no number" if equals else "no setting such as thresholds.z=4"
            return self.fail(f"{value!r} is {wanted}", param, ctx)


@click.command(
    "preview",
    cls=Command,
    epilog=examples(
        "retail preview order_count --set thresholds.z=4",
        "retail preview return_rate --set thresholds.confidence=0.8 --set materiality.relative=0.2",
    ),
)
@click.argument("kpi", metavar="KPI")
@click.option(
    "--set", "settings", type=Setting(), multiple=True, required=True, metavar="NAME=NUMBER",
    help="A setting as the KPI's YAML names it; may be repeated.",
)  # fmt: skip
@database_option()
@json_option
def preview_command(
    kpi: str, settings: tuple[tuple[str, float], ...], db: Path, *, json: bool
) -> int:
    """Show what other settings of a KPI would have found in all of history.

    KPI is a name of marts.dim_kpis, such as total_revenue. Nothing is written: change the KPI's
    YAML to keep a setting.
    """
    found = preview(db, kpi, dict(settings))
    say(shown.as_json(found) if json else shown.text(found))
    return FINE
