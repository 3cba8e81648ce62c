"""Opens the database of a store, and makes or migrates its tables."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from enum import Enum, auto
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from cloudguard.errors import StoreError, UsageError
from cloudguard.history import schema
from cloudguard.history.address import StoreAddress
from cloudguard.history.schema import DatabaseContent

BUSY_SECONDS: Final = 10
"""The time that a statement waits while another process writes to the same SQLite file."""
CONNECT_SECONDS: Final = 10
WRITING: Final = "cloudguard_writing"
"""The name of the execution option that marks a connection for writing."""


class Purpose(Enum):
    """The reason to open a store. It decides whether tables may be made or migrated."""

    READ = auto()
    """No tables are made. Only an SQLite file with an older schema is migrated."""
    RUN = auto()
    """An SQLite file is made if there is none, or migrated. A server's database is not changed."""
    INIT = auto()
    """Tables are made or migrated in any database."""


def open_engine(address: StoreAddress, purpose: Purpose) -> tuple[Engine, bool]:
    """Return the engine of a store's database, and whether its tables were made now.

    Raises UsageError if there is no store or its schema can't be used, and StoreError if the database fails.
    """
    with failing(address):
        if address.file is not None:
            _prepare_file(address, purpose)
        engine = _engine(address)
        with engine.connect() as connection, connection.begin():
            if schema.content_of(connection) is DatabaseContent.LATEST:
                return engine, False
        with engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
            created = _ready(connection, address, purpose)
        if created and address.file is not None:
            execute_alone(
                engine, "PRAGMA journal_mode = WAL"
            )  # others can read during a write; the file keeps the mode
    return engine, created


@contextmanager
def failing(address: StoreAddress) -> Generator[None]:
    """Turn errors of the database, and of invalid rows, into a one-line StoreError without the password."""
    try:
        yield
    except (ValueError, KeyError, TypeError) as error:
        message = f"the store {address.shown} has invalid rows: {type(error).__name__} {error}"
        raise StoreError(message) from None
    except (SQLAlchemyError, OSError) as error:
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        text = " ".join(str(cause).split()) or type(cause).__name__
        text = text.replace(address.password, "***") if address.password else text
        message = f"the store {address.shown} failed: {text}"
        raise StoreError(message) from None


def _prepare_file(address: StoreAddress, purpose: Purpose) -> None:
    """Make the SQLite file, readable by its owner only, if it is missing.

    Raises UsageError if the file is missing and must not or can't be made.
    """
    file = address.file
    if file is None or file.is_file():
        return
    if file.exists():
        message = f"--store: {file} is not a file"
        raise UsageError(message)
    if purpose is Purpose.READ:
        message = f"there is no history in {file}"
        raise UsageError(message, hint="To make one: cloudguard history init --store URL")
    if not file.parent.is_dir():
        message = f"--store: there is no folder {file.parent}"
        raise UsageError(message)
    os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))


def _engine(address: StoreAddress) -> Engine:
    if address.file is not None:
        engine = create_engine(make_url("sqlite://").set(database=str(address.file)), poolclass=NullPool)
        _as_sqlite(engine)
        return engine
    try:
        more = {"connect_timeout": CONNECT_SECONDS}
        return create_engine(make_url(address.url), connect_args=more)
    except ModuleNotFoundError:
        message = "a PostgreSQL store needs the package 'psycopg', which is not installed"
        raise UsageError(message, hint="In a clone of cloudguard, run: pip install '.[postgres]'") from None


def _as_sqlite(engine: Engine) -> None:
    """Let SQLAlchemy begin transactions, instead of Python's SQLite driver (a recipe of SQLAlchemy's documentation).

    A transaction that writes takes the write lock at its start, so that the data that it reads can't change before it
    writes.
    """

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, record: object) -> None:
        del record
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writing = connection.get_execution_options().get(WRITING)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def execute_alone(engine: Engine, statement: str) -> None:
    """Execute a statement of SQLite that must not be in a transaction."""
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        if driver is not None:
            driver.execute(statement)


def _ready(connection: Connection, address: StoreAddress, purpose: Purpose) -> bool:
    """Make or migrate the tables if ``purpose`` allows it; return whether they were made.

    Raises UsageError if the schema is missing, older or newer and may not be changed.
    """
    database_content, is_own = schema.content_of(connection), address.file is not None
    init = "Run: cloudguard history init --store URL"
    match database_content:
        case DatabaseContent.LATEST:
            return False
        case DatabaseContent.NEWER:
            message = f"the history in {address.shown} was made by a newer cloudguard"
            raise UsageError(message, hint="Install the newer cloudguard")
        case DatabaseContent.OLDER if not is_own and purpose is not Purpose.INIT:
            message = f"the history in {address.shown} has an older schema"
            raise UsageError(
                message, hint=f"{init}. It migrates the schema, and older versions of cloudguard then refuse the store"
            )
        case DatabaseContent.NOTHING if purpose is Purpose.READ or not (is_own or purpose is Purpose.INIT):
            message = f"{address.shown} has no history"
            raise UsageError(message, hint=init)
        case DatabaseContent.OTHERS if purpose is not Purpose.INIT:
            message = f"{address.shown} has tables, but no history"
            raise UsageError(message, hint=f"{init}. It adds the tables of the history")
        case _:
            schema.upgrade(connection)
            return database_content is not DatabaseContent.OLDER
