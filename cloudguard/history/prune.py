"""Deletes old runs and findings from a store."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, delete, func, select, union

from cloudguard.history.store import Store
from cloudguard.history.tables import CIRCUMSTANCES, FINDING, RUN
from cloudguard.history.times import earlier
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Pruned:
    """The numbers of deleted runs and findings that are older than the time ``before``."""

    before: str
    runs: int
    findings: int


def prune(store: Store, keep: timedelta) -> Pruned:
    """Delete runs and ended intervals that are older than ``keep``, counted back from the latest run of all clusters.

    Open intervals and each cluster's latest run stay. Raises StoreError if the store fails.
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
