"""The simulated shop that stands in where there is no real data."""

from __future__ import annotations

from pathlib import Path

from retail.errors import RetailError
from retail.ingest.errors import IngestError

SIMULATED_FILE = Path("data", "simulated_shop", "order_lines.csv")
"""Below the project root."""


def simulate_into(file: Path) -> None:
    """Simulate a shop into ``file`` unless it is there.

    The file gets its name when it is finished: a killed run leaves nothing half done.

    Raises:
        IngestError: the shop can't be simulated or written.
    """
    if file.exists():
        return
    # Imported late: nothing but a simulated shop needs it.
    from retail import simulate

    try:
        simulate.simulate_shop(simulate.ShopConfig(), file)
    except (RetailError, OSError) as error:
        raise IngestError(f"cannot simulate a shop into {file}: {error}") from error
