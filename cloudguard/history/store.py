"""The store of past runs. It returns the state of a cluster's history, and writes the outcome of a run."""

from __future__ import annotations

import json
from collections.abc import Collection, Generator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection, Engine

from cloudguard.comparison.listed import ListedReport, listed
from cloudguard.errors import StoreError
from cloudguard.history.address import StoreAddress
from cloudguard.history.opening import WRITING, Purpose, execute_alone, failing, open_engine
from cloudguard.history.outcome import State, outcome
from cloudguard.history.rows.reading import cluster_id, last_complete, state
from cloudguard.history.rows.writing import NewRun, write
from cloudguard.history.times import utc
from cloudguard.results.finding import Waiver
from cloudguard.results.report import Report
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Store:
    """An open store. ``created``: opening it made its tables."""

    address: StoreAddress
    engine: Engine
    created: bool

    def state(self, report: Report) -> State | None:
        """Return the history of the report's cluster, None if it has no run. Raises StoreError if the store fails."""
        ids = [finding.id for finding in report.findings]
        with self.reading() as connection:
            cluster = cluster_id(connection, report.cluster)
            return state(connection, cluster, ids) if cluster else None

    def last_complete(self, report: Report) -> str:
        """Return the time of the last complete run before ``report``, "" if none is known. Raises StoreError.

        A cluster that was not read may be known by its provider and name alone.
        """
        with self.reading() as connection:
            return last_complete(connection, report.cluster, self._time(report))

    def keep(self, report: Report, checks: Collection[str], *, shown: bool) -> bool:
        """Write a run; return False, and write nothing, if the store has this run or a later one of the cluster.

        ``checks`` are the ids of all checks of the run. The state is read again here, because another run may have
        written to the store in the meantime. Raises StoreError if the store fails.
        """
        today = self.listed(report, checks)
        waivers = {finding.id: _text(finding.waived) for finding in report.findings if finding.waived}
        with self.writing() as connection:
            cluster = cluster_id(connection, report.cluster, make=True)
            before = state(connection, cluster, [finding.id for finding in report.findings])
            if before and before.finished >= today.finished:
                return False
            run = NewRun(report, today, waivers, before, outcome(before, today, waivers), shown)
            write(connection, cluster, run)
        return True

    def listed(self, report: Report, checks: Collection[str]) -> ListedReport:
        """Return a report in the form for comparison with stored runs. Raises StoreError if it has no date."""
        return replace(listed(report, checks), finished=self._time(report))

    @staticmethod
    def _time(report: Report) -> str:
        try:
            return utc(report.finished)
        except ValueError:
            message = f"the report on {report.cluster.name} has no valid date: {report.finished!r}"
            raise StoreError(message) from None

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Yield a connection that reads a consistent state of the database. Raises StoreError if the store fails."""
        with failing(self.address), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Generator[Connection]:
        """Yield a connection with a transaction for writing. Raises StoreError if the store fails."""
        with (
            failing(self.address),
            self.engine.connect().execution_options(**{WRITING: True}) as connection,
            connection.begin(),
        ):
            yield connection

    def compact(self) -> None:
        """Return the free space of an SQLite file to the file system. Raises StoreError if the store fails."""
        if self.address.file is None:
            return  # a server does this by itself
        with failing(self.address):
            execute_alone(self.engine, "VACUUM")


def _text(waiver: Waiver) -> str:
    """Return the JSON of a waiver for the store. It leaves out the waiver's file, whose name may change."""
    return json.dumps({"owner": waiver.owner, "reason": waiver.reason, "expires": waiver.expires})


def open_store(address: StoreAddress, purpose: Purpose) -> Store:
    """Open the store at ``address``; raises the same errors as ``open_engine``."""
    return Store(address, *open_engine(address, purpose))
