"""Takes out of a store what is older than is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, delete, func, select, union

from cloudguard.history.store import Store
from cloudguard.history.tables import CIRCUMSTANCES, FINDING, RUN
from cloudguard.history.times import earlier


@dataclass(frozen=True, slots=True)
class Pruned:
    """How much was taken out that is older than ``before``."""

    before: str
    runs: int
    findings: int


def prune(store: Store, keep: timedelta) -> Pruned:
    """Take out runs and ended intervals that are older than ``keep`` before the latest run of all.

    What is open stays, and so does each cluster's latest run. Raises StoreError.
    """
    with store.writing() as connection:
        latest = connection.execute(select(func.max(RUN.c.finished))).scalar()
        before = earlier(latest, keep) if latest else ""
        findings = connection.execute(delete(FINDING).where(FINDING.c.ended < before)).rowcount
        runs = _old_runs(connection, before)
        _unused_circumstances(connection)
    store.compact()
    return Pruned(before, runs, findings)


def _old_runs(connection: Connection, before: str) -> int:
    other = RUN.alias()
    of_cluster = select(func.max(other.c.finished)).where(other.c.cluster == RUN.c.cluster).scalar_subquery()
    return connection.execute(delete(RUN).where(RUN.c.finished < before, RUN.c.finished != of_cluster)).rowcount


def _unused_circumstances(connection: Connection) -> None:
    used = union(
        select(RUN.c.circumstances), select(FINDING.c.last_under).where(FINDING.c.last_under.is_not(None))
    ).subquery()
    connection.execute(delete(CIRCUMSTANCES).where(CIRCUMSTANCES.c.id.not_in(select(used))))
