"""The schema of a history: finds the schema of a database, and migrates it to the latest."""

from __future__ import annotations

from enum import Enum, auto
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from cloudguard.history.tables import METADATA, VERSION_TABLE

SCHEMAS: Final = ("1",)
"""All schemas, the oldest first. ``migrations/versions`` has a module for each."""
MIGRATIONS: Final = Path(__file__).parent / "migrations"


class DatabaseContent(Enum):
    """The content of a database, with regard to a history."""

    NOTHING = auto()
    OTHERS = auto()
    """Tables of other programs, but no history."""
    OLDER = auto()
    LATEST = auto()
    NEWER = auto()
    """A history that a newer version of cloudguard made."""


def content_of(connection: Connection) -> DatabaseContent:
    """Return what kind of history the database has."""
    tables = set(inspect(connection).get_table_names())
    if VERSION_TABLE not in tables:
        return DatabaseContent.OTHERS if tables else DatabaseContent.NOTHING
    schema = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    if schema not in SCHEMAS:
        return DatabaseContent.NEWER
    return DatabaseContent.LATEST if schema == SCHEMAS[-1] else DatabaseContent.OLDER


def own_tables() -> tuple[str, ...]:
    """Return the names of all tables of a history."""
    return (VERSION_TABLE, *sorted(METADATA.tables))


def upgrade(connection: Connection) -> None:
    """Migrate the database to the latest schema, completely or not at all, in the transaction of ``connection``."""
    from alembic import command  # noqa: PLC0415 - takes a third of a second; only a new schema needs it
    from alembic.config import Config  # noqa: PLC0415 - only a new schema needs it

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
