"""A store of past runs: the state of a cluster's history is read from it, and the outcome of a run is written to it."""

from __future__ import annotations

import json
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine

from cloudguard.comparison.listed import ListedReport, listed
from cloudguard.errors import StoreError
from cloudguard.history.address import StoreAddress
from cloudguard.history.opening import WRITING, Purpose, failing, open_engine
from cloudguard.history.outcome import State, outcome
from cloudguard.history.rows.reading import cluster_id, state
from cloudguard.history.rows.writing import NewRun, write
from cloudguard.history.times import utc
from cloudguard.results.finding import Waiver
from cloudguard.results.report import Report


@dataclass(frozen=True, slots=True)
class Store:
    """An open store. ``made``: its tables were made when it was opened."""

    address: StoreAddress
    engine: Engine
    made: bool

    def state(self, report: Report) -> State | None:
        """Return the history of a report's cluster, None if it has no run. Raises StoreError."""
        ids = [one.id for one in report.findings]
        with self.reading() as connection:
            cluster = cluster_id(connection, report.cluster)
            return state(connection, cluster, ids) if cluster else None

    def keep(self, report: Report, checks: Collection[str], *, shown: bool) -> bool:
        """Write a run; return False if the store has one as late or later, and nothing is written. Raises StoreError.

        ``checks``: ids of all checks that were made. The state is read again: another run may have written meanwhile.
        """
        today = self.listed(report, checks)
        waivers = {one.id: _text(one.waived) for one in report.findings if one.waived}
        with self.writing() as connection:
            cluster = cluster_id(connection, report.cluster, make=True)
            before = state(connection, cluster, [one.id for one in report.findings])
            if before and before.finished >= today.finished:
                return False
            run = NewRun(report, today, waivers, before, outcome(before, today, waivers), shown)
            write(connection, cluster, run)
        return True

    def listed(self, report: Report, checks: Collection[str]) -> ListedReport:
        """Return a report as it is compared with what the store holds. Raises StoreError where it has no date."""
        try:
            return replace(listed(report, checks), finished=utc(report.finished))
        except ValueError:
            message = f"the report on {report.cluster.name} has no date: {report.finished!r}"
            raise StoreError(message) from None

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Yield a connection that reads one state of the database. Raises StoreError."""
        with failing(self.address), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """Yield a connection in a transaction that is written whole or not at all. Raises StoreError."""
        with (
            failing(self.address),
            self.engine.connect().execution_options(**{WRITING: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def compact(self) -> None:
        """Give an SQLite file's free space back. Raises StoreError."""
        if self.address.file is None:
            return  # a server does so by itself
        with failing(self.address), self.engine.connect() as connection:
            driver = connection.connection.driver_connection
            if driver is not None:
                driver.execute("VACUUM")


def _text(waiver: Waiver) -> str:
    """Return a waiver as it is kept: what its file is called may change."""
    return json.dumps({"owner": waiver.owner, "reason": waiver.reason, "expires": waiver.expires})


def open_store(address: StoreAddress, purpose: Purpose) -> Store:
    """Open the store at ``address``; raises UsageError and StoreError as ``open_engine``."""
    return Store(address, *open_engine(address, purpose))
