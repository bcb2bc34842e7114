"""What a finished file says of incidents, and what was sent of them before."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from retail.outputs.alerts.records import Candidates
from retail.reading import SIMULATED, read_findings, read_money, read_run, read_sent_alerts, reading


def read(path: Path, today: dt.date) -> Candidates:
    """Read the incidents of the last finished run, with what was said of them up to `today`.

    Raises:
        ReadError: there is no such file, or no run has finished in it yet.
    """
    with reading(path) as connection:
        run = read_run(connection)
        found = read_findings(connection, today)
        return Candidates(
            found.incidents,
            {row.anomaly_id: row for row in found.members},
            read_sent_alerts(connection),
            run.as_of,
            SIMULATED in run.source,
            read_money(connection),
        )
