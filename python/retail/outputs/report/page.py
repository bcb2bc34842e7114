"""Build the report from the facts of a file: one self-contained page."""

from __future__ import annotations

import base64
import hashlib
import os
from contextlib import suppress
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from retail import formatting
from retail.console import escape_control_chars
from retail.errors import RetailError
from retail.outputs.report import incidents, kpis, trust, verdict, words
from retail.reading import Facts, read_facts
from retail.storage import feedback_file, run_log
from retail.storage.durable import put_in_place
from retail.storage.errors import reason
from retail.storage.opening import wal_path
from retail.storage.publish import identity, published_as

TEMPLATES = Path(__file__).parent / "templates"
FILE = "report.html"
DOCTYPE = b"<!doctype html>"


def write(database: Path, out: Path | None = None) -> Path:
    """Write the report of a finished DuckDB file, by default beside it.

    The same file gives the same page to the last byte, until a snooze ends. A reader sees the old
    page or the new one, never a half.

    Returns:
        Where the page is.

    Raises:
        ReadError: the file does not allow it.
        RetailError: the page can't be written, or would take the place of another kind of file.
    """
    path = out or database.with_name(FILE)
    _refuse_other_files(path)
    _refuse_own_names(path, database)
    page = render(read_facts(database))
    draft = path.with_name(f".{os.getpid()}.{FILE}.tmp")
    try:
        draft.write_text(page, encoding="utf-8")
        put_in_place(draft, path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        why = reason(error)
        raise RetailError(f"{path}: cannot be written ({why}); give another --out") from error
    return path


def renew(database: Path) -> str:
    """Write the report beside a file again, where there is one: somebody has answered.

    Returns:
        A sentence where that can't be; the answer itself is kept.
    """
    before = None
    try:
        # A run may publish meanwhile, and write its own report before this one is in place.
        while database.with_name(FILE).is_file() and before != identity(database):
            before = identity(database)
            write(database)
    except RetailError as error:
        return f" The report still shows what was before: {error}."
    return ""


def _refuse_own_names(path: Path, database: Path) -> None:
    """Refuse the names of a database's logs and feedback, also where these are not there."""
    beside = published_as(database).resolve()
    own = (wal_path(beside), run_log.path_of(beside), feedback_file.path_of(beside))
    if path.resolve() in own:
        raise RetailError(f"{path} is a name of the database's own files; give another --out")


def _refuse_other_files(path: Path) -> None:
    """Refuse to take the place of a database, of feedback, of raw data: of what is no page."""
    if not path.name:  # "." or "/"
        raise RetailError(f"{path}: cannot be written (is a directory); give another --out")
    try:
        if path.exists() and not path.is_file():
            return  # reading a pipe need never end; putting the page there tells why not
        with path.open("rb") as file:
            start = file.read(len(DOCTYPE)).lower()
    except OSError:
        return  # it is not there, or writing it tells why not
    if start not in (DOCTYPE, b""):
        raise RetailError(f"{path} is there already, and no page; give another --out")


def environment(*folders: Path) -> Environment:
    """Where templates come from, those of the report last; whatever they are given is escaped."""
    made = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_tight,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "day": formatting.day,
        "moment": formatting.moment,
        "count": formatting.count,
        "upper_first": formatting.upper_first,
    }
    made.globals |= {"formatting": formatting, "words": words}
    return made


def _tight(value: object) -> object:
    """Keep percentages on one line; what is markup already stays as it is."""
    return formatting.tight(value) if type(value) is str else value


def style(*names: str) -> str:
    """Style sheets of the report, one after the other."""
    return "".join(_part(name) for name in names)


def render(facts: Facts) -> str:
    """The page as text: no external address, no script but its own, every text escaped."""
    states = kpis.cards(facts)
    ranges = kpis.all_ranges(states)
    newest = verdict.newest_day(facts, states)
    grouped = incidents.cards(facts, newest)
    sheet, script = style("colours.css", "parts.css", "page.css"), _part("page.js")
    return escape_control_chars(
        environment()
        .get_template("page.html")
        .render(
            style=Markup(sheet),  # noqa: S704 - files of our own
            script=Markup(script),  # noqa: S704 - files of our own
            style_hash=_hash(sheet),
            script_hash=_hash(script),
            facts=facts,
            run=facts.run,
            shop=facts.shop,
            coverage=facts.coverage,
            verdict=verdict.verdict(newest, states, grouped),
            incidents=grouped,
            kpis=states,
            ranges=ranges,
            usual_range=kpis.usual(ranges) if ranges else "",
            left_out=facts.left_out,
            trends=trust.trends(facts),
            quality=trust.quality(facts),
            detection_limits=trust.detection_limits(facts),
            calibration=trust.calibration(facts),
        )
    )


def _part(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """What the page's own policy allows: this very text, and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
