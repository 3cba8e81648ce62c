"""Schemas: a store of each earlier schema is migrated without loss, and a newer schema is refused."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from cloudguard.errors import UsageError
from cloudguard.history.address import address
from cloudguard.history.opening import WRITING, Purpose
from cloudguard.history.queries import clusters, everything
from cloudguard.history.schema import MIGRATIONS, SCHEMAS, own_tables
from cloudguard.history.store import Store, open_store
from cloudguard.history.tables import METADATA, VERSION_TABLE
from cloudguard.results.change import Resource
from cloudguard.results.finding import Waiver

DUMPS = Path(__file__).parent / "dumps"


def test_the_schemas_are_listed_in_the_order_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    found = [walk_revision.revision for walk_revision in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(found)) == SCHEMAS


def test_the_migrations_make_the_tables_that_the_program_uses(store: Store) -> None:
    def differences(connection: Connection) -> object:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return compare_metadata(context, METADATA)

    with store.reading() as connection:
        assert differences(connection) == []


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_store_of_each_schema_is_migrated_to_the_latest_without_loss(schema: str, tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    with sqlite3.connect(file) as connection:
        connection.executescript((DUMPS / f"schema_{schema}.sql").read_text(encoding="utf-8"))
    store = open_store(address(f"sqlite:///{file}"), Purpose.RUN)
    with store.reading() as reading:
        assert reading.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) == SCHEMAS[-1]  # noqa: S608 - ours
        (summary,) = clusters(reading)
        history = everything(reading)
    assert (summary.runs, summary.unconfirmed, summary.waived, summary.open) == (3, 1, 1, (("high", 1),))
    assert [run.complete for run in history.runs] == [True, True, False]
    assert history.runs[2].verdicts == (("etcd-access", "UNKNOWN"), ("etcd-encryption", "PASS"))
    assert {(finding.finding[-1], finding.ended_as, finding.waiver) for finding in history.findings} == {
        ("1", "", None),
        ("2", "changed", None),
        ("2", "", Waiver("platform", "until the move", "2026-06-30")),
        ("3", "fixed", None),
    }
    assert Resource("filter", "f-3", "gone") in {finding.resource for finding in history.findings}


@pytest.mark.parametrize("purpose", Purpose)
def test_a_newer_schema_is_refused(sqlite_store: Callable[[], Store], purpose: Purpose) -> None:
    store = sqlite_store()
    with store.writing() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = 'later'"))  # noqa: S608 - ours
    with pytest.raises(UsageError, match="was made by a newer cloudguard"):
        open_store(store.address, purpose)


def test_only_init_makes_tables_in_a_server_s_database(url: str) -> None:
    where = address(url)
    if where.file is not None:
        pytest.skip("a file is made by a run")
    for purpose in (Purpose.RUN, Purpose.READ):
        with pytest.raises(UsageError, match="has no history"):
            open_store(where, purpose)
    assert open_store(where, Purpose.INIT).created
    store = open_store(where, Purpose.RUN)
    assert not store.created
    with store.engine.connect().execution_options(**{WRITING: True}) as connection, connection.begin():
        connection.execute(text("CREATE TABLE theirs (id integer)"))
    assert not open_store(where, Purpose.INIT).created


def test_init_adds_its_tables_to_a_database_with_other_tables(tmp_path: Path) -> None:
    file = tmp_path / "theirs.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE theirs (id)")
    assert open_store(address(f"sqlite:///{file}"), Purpose.INIT).created
    with sqlite3.connect(file) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"theirs", *own_tables()}
