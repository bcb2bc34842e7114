"""What figures rest on: whose they are, how old, and whether they are real. In every answer."""

from __future__ import annotations

import datetime as dt

from pydantic import BaseModel, Field

from retail import formatting
from retail.reading import Connection, ReadError, read_run, read_shop, today
from retail.reading.shop import (
    SAMPLE,
    SAMPLE_DATA,
    SIMULATED,
    SIMULATED_DATA,
    Coverage,
    read_coverage,
    read_sources,
)
from retail.schema import RunRow

NO_RUN = "No run of detection has finished in this file yet: nothing is expected and nothing found."


class Data(BaseModel):
    """What the figures rest on."""

    notice: str = Field(description="Say it with the figures: what data these are, and how old.")
    origin: str = Field(description="Where the order lines are from.")
    is_real: bool = Field(description="False where they are simulated, or a public sample.")
    last_complete_day: dt.date | None = Field(description="The newest day that is over.")
    newest_order_line: dt.datetime = Field(description="In the shop's time.")
    as_of: dt.date | None = Field(description="The last day that detection looked at.")
    detected_at: dt.datetime | None = Field(description="When detection ended, in UTC.")
    currency: str = Field(description="Of all money, as an ISO code.")


class Answer(BaseModel):
    """What every answer has."""

    data: Data


def read_data(connection: Connection) -> Data:
    """Read what the figures of a file rest on."""
    run = _run(connection)
    coverage = read_coverage(connection)
    origins = [source.origin for source in read_sources(connection)]
    notes = [
        *([SIMULATED_DATA] if SIMULATED in origins else []),
        *([SAMPLE_DATA] if SAMPLE in origins else []),
        _age(coverage),
        *([] if run else [NO_RUN]),
    ]
    return Data(
        notice=" ".join(notes),
        origin=", ".join(dict.fromkeys(origins)),
        is_real=not {SIMULATED, SAMPLE} & {*origins},
        last_complete_day=coverage.last_complete_day,
        newest_order_line=coverage.newest_line,
        as_of=run.as_of if run else None,
        detected_at=run.finished_at if run else None,
        currency=read_shop(connection).currency,
    )


def _run(connection: Connection) -> RunRow | None:
    """The last finished run, where there is one."""
    try:
        return read_run(connection)
    except ReadError:
        return None


def _age(coverage: Coverage) -> str:
    """How old the newest figures are, by the clock."""
    last = coverage.last_complete_day
    if last is None:
        return "No day of the data is complete."
    ago = formatting.count((today() - last).days, "day")
    return f"The newest complete day is {formatting.day(last, full=True)}, {ago} ago."
