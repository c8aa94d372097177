"""Bring a database to the tables this program knows: run at every opening, within one transaction."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect

from ledger.errors import NewerBookError, NotABookError
from ledger.tables import metadata

_HISTORY: Final = Path(__file__).parent / "migrations"


def migrate(connection: Connection) -> None:
    """Run the steps this database has not seen. The caller commits.

    Raises:
        NewerBookError: Its last step is not in this program's history.
        NotABookError: It has tables, but no history.
    """
    config = Config()
    config.set_main_option("script_location", str(_HISTORY).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    script = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    known = {step.revision for step in script.walk_revisions()}
    if current is not None and current not in known:
        raise NewerBookError(
            f"the book was written by a newer payphone (its tables are at {current},"
            f" this program knows up to {script.get_current_head()}): run that version"
        )
    if current is None and inspect(connection).get_table_names():
        raise NotABookError("the database has tables that are not a book's: choose another file")
    if current != script.get_current_head():
        command.upgrade(config, "head")


def differences(connection: Connection) -> list[str]:
    """How the migrated tables differ from those declared in this process; empty when they agree.

    Tables that no imported module has declared are left out.
    """
    context = MigrationContext.configure(
        connection,
        opts={
            "include_object": lambda _object, name, kind, _reflected, _other: (
                kind != "table" or name in metadata.tables
            ),
            "compare_type": True,
        },
    )
    return [repr(difference) for difference in compare_metadata(context, metadata)]
