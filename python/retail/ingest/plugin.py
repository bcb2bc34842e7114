"""dbt-duckdb plugin: lands the raw data when dbt connects, and shows it as two views.

In profiles.yml:

    plugins:
      - module: retail.ingest.plugin
        config:
          root: .              # the project root, from the dbt project's folder
          cache: data/landed   # from root
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from dbt import flags
from dbt.adapters.duckdb.plugins import BasePlugin

from retail.ingest.code import code_hash
from retail.ingest.last_run import read_last_source
from retail.ingest.parquet_cache import LANDED_FOLDER, Landing, land_project
from retail.ingest.views import create_views
from retail.storage.publish import published_as

READ_ONLY = "select current_setting('access_mode') = 'read_only'"


class Plugin(BasePlugin):
    """Shows the raw data as raw.order_lines and raw.files on every connection that dbt opens."""

    def initialize(self, plugin_config: Mapping[str, Any]) -> None:
        """Read where the project and the cache are."""
        self._root = _project_folder() / (plugin_config.get("root") or ".")
        self._cache = self._root / (plugin_config.get("cache") or LANDED_FOLDER)
        self._landing: Landing | None = None

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Land what is new, then replace the views; one that was opened again is quickly done.

        A file that is opened to be read only keeps the views of its build.

        Raises:
            IngestError: the raw data can't be read; dbt prints its one line. No view was touched.
        """
        if conn.execute(READ_ONLY).fetchall() == [(True,)]:
            return
        if self._landing is None:
            database = published_as(Path(self.creds.path)) if self.creds else self._root
            last = read_last_source(conn, database)
            self._landing = land_project(self._root, self._cache, last)
        create_views(conn, self._landing, code_hash(_project_folder()))


def _project_folder() -> Path:
    """Find the folder of the dbt project, which is not always the one that dbt was started in."""
    return Path(getattr(flags.GLOBAL_FLAGS, "PROJECT_DIR", None) or ".").absolute()
