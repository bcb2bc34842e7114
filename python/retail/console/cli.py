"""What every command has in common: its options, its log lines, and how it ends."""

from __future__ import annotations

import datetime as dt
import gc
import os
import resource
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from detect.errors import DetectError
from retail.console import logs
from retail.console.command import ready_to_print, report, run, show
from retail.console.exit_codes import FAILED
from retail.errors import RetailError
from retail.storage.location import (
    DATABASE_VARIABLE,
    DEFAULT_DATABASE,
    default_database,
    places_beside,
    share_with_group,
)

CYCLES = (50_000, 100, 100)
"""When Python looks for cycles of objects. By default it goes again and again through all that dbt,
pandas and SciPy have made for good, and that is a tenth of the daily job."""
LEAST_ADDRESSES = 2 << 30
"""Bytes of addresses (`ulimit -v`): DuckDB reserves more than a gigabyte, and dies without."""
RAISE = "allow 4 GB (`ulimit -v 4194304`), and bound memory by RETAIL_MEMORY_LIMIT"
SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
F = TypeVar("F", bound=Callable[..., Any])


class Command(click.Command):
    """A command with `--quiet` and `--verbose`, which ends with a code and at most one line.

    Args:
        again: what to do after it was stopped.
        mark: what its log lines begin with; by default its name.
    """

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - click's own
        again: str = "run it again to go on",
        mark: str = "",
        **rest: Any,  # noqa: ANN401 - click's own
    ) -> None:
        """Take what a click command takes, and add the two options."""
        super().__init__(*args, **{"context_settings": SETTINGS, **rest})
        self.again, self.mark = again, mark
        self.params += [
            click.Option(["--quiet"], is_flag=True, help="Print nothing but errors."),
            click.Option(
                ["-v", "--verbose"], is_flag=True,
                help="Log every step with its time in UTC "
                f"(or set {logs.VARIABLE}: {', '.join(logs.LEVELS)}).",
            ),
        ]  # fmt: skip

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; an error knows whose they are."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def invoke(self, ctx: click.Context) -> int:
        """Run the command; returns its exit code."""
        quiet, verbose = ctx.params.pop("quiet"), ctx.params.pop("verbose")
        logs.set_up(self.mark or f"{ctx.command_path}: ", quiet=quiet, verbose=verbose)
        ctx.meta[QUIET] = quiet
        database = ctx.params.get("db") or default_database()
        project = ctx.params.get("project") or ctx.params.get("root") or Path.cwd()
        os.environ.update(places_beside(project, database))
        share_with_group(database.absolute().parent)
        return run(
            ctx.command_path,
            lambda: int(super(Command, self).invoke(ctx)),
            RetailError, DetectError,
            again=self.again,
        )  # fmt: skip


QUIET = "retail.quiet"


def say(text: str) -> None:
    """Print the answer of a command, unless `--quiet` was given.

    Args:
        text: escaped already; colours may have been added.
    """
    if text and not is_quiet():
        show(text)


def is_quiet() -> bool:
    """Whether the command that runs was given `--quiet`."""
    context = click.get_current_context(silent=True)
    return bool(context and context.meta.get(QUIET))


def call(command: click.Command, name: str, arguments: Sequence[str]) -> int:
    """Run a command or a group with its arguments; returns the exit code, 2 for wrong usage."""
    gc.set_threshold(*CYCLES)
    ready_to_print()
    most = resource.getrlimit(resource.RLIMIT_AS)[0]
    if most != resource.RLIM_INFINITY and most < LEAST_ADDRESSES:
        report(name, f"addresses are limited to {most / 1e9:.1f} GB: libraries crash; {RAISE}")
        return FAILED
    try:
        Path.cwd()
    except FileNotFoundError:
        report(name, "the folder that it was started in is gone; start it in another")
        return FAILED
    return run(name, lambda: _call(command, name, arguments))


def _call(command: click.Command, name: str, arguments: Sequence[str]) -> int:
    try:
        with command.make_context(name, list(arguments)) as context:
            return int(command.invoke(context))
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else name
        report(path, wrong_usage(error, path))
        return error.exit_code


def wrong_usage(error: click.UsageError, path: str) -> str:
    """What is wrong with the arguments of a command, with the nearest name where there is one."""
    help_of = f"`{path} --help`"
    if isinstance(error, click.NoSuchOption):
        return f"no option {error.option_name!r}; {_nearest(error.possibilities, help_of)}"
    if isinstance(error, click.exceptions.NoSuchCommand) and error.ctx:
        group = error.ctx.command
        known = group.list_commands(error.ctx) if isinstance(group, click.Group) else []
        near = get_close_matches(error.command_name, known)
        return f"no command {error.command_name!r}; {_nearest(near, help_of)}"
    if isinstance(error, click.BadParameter) and isinstance(error.param, click.Argument):
        error.param_hint = repr(error.param.human_readable_name)  # not all of its choices
    message = error.format_message().rstrip(".")
    said = message[:1].lower() + message[1:]
    is_value = isinstance(error, click.BadParameter) and not isinstance(
        error, click.MissingParameter
    )
    return said if is_value else f"{said}; see {help_of}"


def _nearest(near: Sequence[str] | None, help_of: str) -> str:
    return f"the nearest is {' or '.join(near)}" if near else f"{help_of} lists all"


def examples(*lines: str, title: str = "Examples") -> str:
    """An epilog that click does not wrap."""
    return "\n".join(["\b", f"{title}:", *(f"  {line}" for line in lines)])


def database_option(what: str = "The DuckDB file") -> Callable[[F], F]:
    """Add `--db`, the DuckDB file."""
    return click.option(
        "--db", type=click.Path(path_type=Path), default=default_database, metavar="PATH",
        help=f"{what} (default: {DATABASE_VARIABLE}, or {DEFAULT_DATABASE}).",
    )  # fmt: skip


class Project(click.ParamType[Path]):
    """The root of a dbt project."""

    name = "folder"

    def convert(
        self, value: str | Path, param: click.Parameter | None, ctx: click.Context | None
    ) -> Path:
        """Refuse a folder that is none."""
        try:
            return require_project(Path(value))
        except RetailError as error:
            self.fail(str(error), param, ctx)


def require_project(folder: Path) -> Path:
    """The folder, where it is the root of a dbt project.

    Raises:
        RetailError: it has no dbt_project.yml.
    """
    if not (folder / "dbt_project.yml").is_file():
        raise RetailError(f"{folder}: no dbt_project.yml here; start in the project's root")
    return folder


project_option = click.option(
    "--project", type=Project(), default=Path.cwd, metavar="FOLDER",
    help="Root of the dbt project (default: this folder).",
)  # fmt: skip
json_option = click.option("--json", is_flag=True, help="Print JSON, for a program.")


class Date(click.ParamType[dt.date]):
    """A day as YYYY-MM-DD."""

    name = "date"

    def convert(
        self, value: str | dt.date, param: click.Parameter | None, ctx: click.Context | None
    ) -> dt.date:
        """Parse a day."""
        try:
            return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no day such as 2011-12-31", param, ctx)


DATE = Date()


def joined(options: Iterable[Callable[[F], F]]) -> Callable[[F], F]:
    """Several options as one decorator, listed in this order."""

    def add(function: F) -> F:
        for option in reversed(list(options)):
            function = option(function)
        return function

    return add
