"""dbt-duckdb plugin: dbt builds in a private copy of the DuckDB file, published if all went well.

In profiles.yml, before other plugins:

    plugins:
      - module: retail.storage.atomic_publish

Commands that only read open the published file read-only, or an empty one where there is none.
"""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import duckdb
from dbt import flags
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.factory import cleanup_connections
from dbt.cli.exceptions import ExceptionExit
from dbt_common.events.base_types import EventLevel, EventMsg
from dbt_common.events.event_manager_client import add_callback_to_manager
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from retail.storage.errors import StorageError
from retail.storage.location import share_with_group
from retail.storage.opening import connected
from retail.storage.publish import COPY_VARIABLE, as_before, is_private, staged_build
from retail.storage.quoting import identifier, literal

NOT_A_FILE = (":memory:", "md:")
SCHEMAS = frozenset({
    "raw", "staging", "intermediate", "marts", "seeds", "insights", "operations", "main", "temp",
    "system",
})  # fmt: skip
UNQUOTED = frozenset("'\";\\")
"""Characters in the name of a database that break dbt's own queries."""
INSIGHTS = "insights"
"""The schema that dbt does not write."""
WRITES = frozenset({"build", "clone", "run", "run-operation", "seed", "snapshot"})
READS_RAW_DATA = frozenset({"freshness"})
"""Commands that read the raw files and keep nothing."""
COMPLETED = "CommandCompleted"
"""dbt's event at the very end of a command, whatever its outcome."""


class Plugin(BasePlugin):
    """Chooses the file that dbt opens, and publishes it when the command is over."""

    def initialize(self, plugin_config: Mapping[str, Any]) -> None:
        """Choose the file by the command.

        Raises:
            StorageError: another program is at work on the file, it can't be read, or its name
                is that of a schema in it, or one that dbt can't write into a query.
        """
        # A full disk stops dbt's own log, too: traces of that would bury the line that counts.
        logging.raiseExceptions = False
        self._read_only = False
        self._settings: Mapping[str, Any] = {}
        if self.creds is not None:
            # For all connections at once: where a full disk has stopped DuckDB, no cursor takes a
            # setting, and dbt, which gives them to each, would end with a trace in place of a line.
            self._settings, self.creds.settings = self.creds.settings or {}, {}
        if self.creds is None or self.creds.path.startswith(NOT_A_FILE):
            return
        self.creds.path = os.environ.get(COPY_VARIABLE) or self.creds.path
        database = Path(self.creds.path)
        share_with_group(database.absolute().parent)
        _refuse_an_unusable_name(database)
        if is_private(database):
            return
        if _writes() or _command() in READS_RAW_DATA:
            self._redirect_to_copy(staged_build(database, _merge_state), to_publish=_writes())
        elif database.is_file():
            self._read_only = True
        else:
            self._redirect_to_copy(_empty(database), to_publish=False)

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Open the published file read-only where nothing is to be written."""
        if self._read_only:
            config["access_mode"] = "READ_ONLY"

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Give the settings of profiles.yml to all connections."""
        for name, value in self._settings.items():
            conn.execute(f"set global {identifier(name)} = {literal(str(value))}")

    def _redirect_to_copy(self, staging: AbstractContextManager[Path], *, to_publish: bool) -> None:
        """Make dbt open another file until the command is over."""
        assert self.creds is not None
        credentials, given = self.creds, self.creds.path
        end = ExitStack()
        credentials.path = str(end.enter_context(staging))

        def when_over(message: EventMsg) -> None:
            if message.info.name == COMPLETED:
                credentials.path = given
                _close_connections()
                if to_publish:
                    _publish(end, message, Path(given))
                else:
                    _discard(end)

        add_callback_to_manager(when_over)


class _DiscardedError(Exception):
    """A private copy is discarded."""


def _discard(staged: ExitStack, error: Exception | None = None) -> None:
    error = error or _DiscardedError()
    staged.__exit__(type(error), error, None)


def _publish(staged: ExitStack, message: EventMsg, database: Path) -> None:
    """Publish what a command built, if it ended well.

    Raises:
        ExceptionExit: it ended well, but can't be published; dbt ends with another exit code.
    """
    try:
        if message.data.success:
            _refuse_retry(message.data.command)
            staged.close()
            return
    except StorageError as error:
        _discard(staged, error)
        _print_error(f"nothing was published: {error}")
        raise ExceptionExit(error) from error
    why = as_before(database)
    try:
        _discard(staged)
    except StorageError as error:
        why = str(error)
    _print_error(f"nothing was published: {why}")


def _refuse_retry(command: str) -> None:
    """Refuse `dbt retry`: a failed build leaves no tables that it could complete."""
    if command.split()[-1] == "retry":
        raise StorageError("dbt retry has nothing to go on from; run the whole command again")


def _print_error(line: str) -> None:
    fire_event(Note(msg=line), EventLevel.ERROR)


def _close_connections() -> None:
    """Close dbt's connections, which it otherwise keeps until the process ends."""
    cleanup_connections()  # type: ignore[no-untyped-call]
    DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]


# ------------------------------------------------------------------------------ which file


def _command() -> str:
    return str(getattr(flags.GLOBAL_FLAGS, "WHICH", ""))


def _writes() -> bool:
    """Whether the command may write tables; tests do with --store-failures."""
    keeps = _command() == "test" and getattr(flags.GLOBAL_FLAGS, "STORE_FAILURES", False)
    return keeps or _command() in WRITES


@contextmanager
def _empty(database: Path) -> Iterator[Path]:
    """Yield an empty file of the same name."""
    with tempfile.TemporaryDirectory(prefix=f"{database.name}-") as folder:
        yield Path(folder) / database.name


def _merge_state(published: Path, copy: Path) -> None:
    """Replace the insights schema of a copy, which dbt does not write, by the published one.

    Raises:
        StorageError: the copy can't be written.
    """
    with connected(copy, read_only=False) as connection:
        connection.execute(f"attach {literal(published)} as published (read_only)")
        of_published = "where database_name = 'published' and schema_name = ?"
        tables, views = (
            connection.execute(
                f"select {column} from {catalogue}() {of_published}",  # noqa: S608 - constants
                [INSIGHTS],
            ).fetchall()
            for column, catalogue in (("table_name", "duckdb_tables"), ("sql", "duckdb_views"))
        )
        connection.execute("begin")
        connection.execute(f"drop schema if exists {INSIGHTS} cascade")
        connection.execute(f"create schema {INSIGHTS}")
        for (name,) in tables:
            table = f"{INSIGHTS}.{identifier(name)}"
            connection.execute(f"create table {table} as from published.{table}")
        for (view,) in views:
            connection.execute(view)
        connection.execute("commit")


def _refuse_an_unusable_name(database: Path) -> None:
    """DuckDB names a database after its file."""
    if database.stem in SCHEMAS:
        raise StorageError(
            f"{database} has the name of a schema in it; give RETAIL_DB another file name"
        )
    if not UNQUOTED.isdisjoint(database.stem) or not database.stem.isprintable():
        raise StorageError(
            f"{database} has a quotation mark, semicolon, backslash or control character in its "
            "name, which dbt can't handle; give RETAIL_DB another file name (folders may have any)"
        )
