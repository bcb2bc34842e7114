"""dbt-duckdb plugin: lands the raw data when dbt connects, and shows it as two views.

In profiles.yml:

    plugins:
      - module: ingest.plugin
        config:
          root: .              # the project root, from the dbt project's folder
          cache: data/landed   # from root
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from dbt import flags
from dbt.adapters.duckdb.plugins import BasePlugin

from ingest.errors import IngestError, writing
from ingest.landing import LANDED_FOLDER, Landing, forget_unused, land
from ingest.sources import resolve
from ingest.views import create_views

NOT_A_FILE = (":memory:", "md:")
UNQUOTED = frozenset("'\";\\")
"""Signs in the name of a database that dbt's own queries would stumble over."""
SCHEMAS = frozenset(
    {"raw", "staging", "intermediate", "marts", "seeds", "insights", "main", "temp", "system"}
)


class Plugin(BasePlugin):
    """Shows the raw data as raw.order_lines and raw.files on every connection that dbt opens."""

    def initialize(self, plugin_config: Mapping[str, Any]) -> None:
        """Read where the project and the cache are, and make sure the database can be opened.

        Raises:
            IngestError: the database would have the name of a schema in it, or one that dbt can't
                write into a query.
        """
        if self.creds and not self.creds.path.startswith(NOT_A_FILE):
            _prepare(Path(self.creds.path))
        self._root = _project_folder() / (plugin_config.get("root") or ".")
        self._cache = self._root / (plugin_config.get("cache") or LANDED_FOLDER)
        self._landing: Landing | None = None

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Land what is new, then replace the views; one that was opened again is quickly done.

        Raises:
            IngestError: the raw data can't be read; dbt prints its one line. No view was touched.
        """
        if self._landing is None:
            self._landing = land(resolve(self._root, os.environ), self._cache)
            forget_unused(self._cache)
        create_views(conn, self._landing)


def _prepare(database: Path) -> None:
    """DuckDB names a database after its file, and makes no folders."""
    if database.stem in SCHEMAS:
        raise IngestError(
            f"{database} has the name of a schema in it; give RETAIL_DB another file name"
        )
    if not UNQUOTED.isdisjoint(database.stem) or not database.stem.isprintable():
        raise IngestError(
            f"{database} has a quotation mark, semicolon, backslash or control character in its "
            "name, which dbt can't handle; give RETAIL_DB another file name (folders may have any)"
        )
    with writing(database.parent):
        database.parent.mkdir(parents=True, exist_ok=True)


def _project_folder() -> Path:
    """Find the folder of the dbt project, which is not always the one that dbt was started in."""
    return Path(getattr(flags.GLOBAL_FLAGS, "PROJECT_DIR", None) or ".").absolute()
