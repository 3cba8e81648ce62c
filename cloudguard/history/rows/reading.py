"""Reads the state of a cluster's history from the database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Row, Table, and_, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from cloudguard.comparison.listed import ListedFinding, ListedReport
from cloudguard.history.outcome import GONE, OpenInterval, State
from cloudguard.history.rows.circumstances import report_of
from cloudguard.history.tables import CIRCUMSTANCES, CLUSTER, FINDING, RUN
from cloudguard.results.change import Resource
from cloudguard.results.facts import Cluster

AnyRow: TypeAlias = "Row[*tuple[Any, ...]]"


def cluster_key(cluster: Cluster) -> dict[str, str]:
    """Return the columns that identify a cluster, and their values. The column of regions has its place too."""
    regions = ",".join(cluster.places)
    return {"provider": cluster.provider, "account": cluster.account, "regions": regions, "name": cluster.name}


def cluster_id(connection: Connection, cluster: Cluster, *, make: bool = False) -> int:
    """Return the id of a cluster's row, 0 if there is none. A row of an older version has no place.

    With ``make``, the row is made if it is missing, gets the place, and is locked against other processes.
    """
    key = cluster_key(cluster)
    exact = _id_of(connection, key)
    older = 0 if exact or not cluster.place else _id_of(connection, {**key, "regions": ",".join(cluster.regions)})
    if not make:
        return exact or older
    if older:
        connection.execute(update(CLUSTER).where(CLUSTER.c.id == older).values(regions=key["regions"]))
    return row_id(connection, CLUSTER, key)


def _id_of(connection: Connection, key: Mapping[str, str]) -> int:
    return connection.execute(select(CLUSTER.c.id).where(_same(CLUSTER, key))).scalar() or 0


def last_complete(connection: Connection, cluster: Cluster, before: str) -> str:
    """Return when a cluster's latest complete run before the time ``before`` finished.

    An unknown part of the cluster's key ("") matches every value. Return "" if there is no such run, or more than one
    such cluster.
    """
    known = {name: value for name, value in cluster_key(cluster).items() if value}
    reports = connection.execute(
        select(func.max(RUN.c.finished))
        .join(CLUSTER)
        .where(_same(CLUSTER, known), RUN.c.complete, RUN.c.finished < before)
        .group_by(RUN.c.cluster)
        .limit(2)
    ).scalars()
    times = reports.all()
    return str(times[0]) if len(times) == 1 else ""


def row_id(connection: Connection, table: Table, key: Mapping[str, str], more: Mapping[str, str] | None = None) -> int:
    """Return the id of the row with the columns ``key``. Make the row, with ``more`` columns, if it is missing.

    The row is locked if the database can lock rows.
    """
    wanted = select(table.c.id).where(_same(table, key)).with_for_update()
    number = connection.execute(wanted).scalar()
    if number is None:
        kind = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(kind.insert(table).values({**key, **(more or {})}).on_conflict_do_nothing())
        number = connection.execute(wanted).scalar_one()
    return int(number)


def _same(table: Table, key: Mapping[str, str]) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in key.items()))


def state(connection: Connection, cluster: int, today: Sequence[str]) -> State | None:
    """Return the history of the cluster whose row has the id ``cluster``, None if it has no run.

    ``today`` are the ids of the current findings: only these are looked up among the closed findings.
    """
    runs = select(RUN.c.finished, RUN.c.circumstances, CIRCUMSTANCES.c.document)
    latest = connection.execute(
        runs.join(CIRCUMSTANCES).where(RUN.c.cluster == cluster).order_by(RUN.c.finished.desc()).limit(1)
    ).first()
    if latest is None:
        return None
    shown = select(RUN.c.finished).where(RUN.c.cluster == cluster, RUN.c.shown).order_by(RUN.c.finished.desc())
    rows = connection.execute(
        select(FINDING, CIRCUMSTANCES.c.document)
        .outerjoin(CIRCUMSTANCES, FINDING.c.last_under == CIRCUMSTANCES.c.id)
        .where(FINDING.c.cluster == cluster, FINDING.c.ended.is_(None))
        .order_by(FINDING.c.id)
    ).all()
    return State(
        circumstances=latest.circumstances,
        last_shown=connection.execute(shown.limit(1)).scalar() or "",
        reports=tuple(_reports(latest, rows)),
        intervals={row.finding: _interval(row) for row in rows},
        closed=_closed(connection, cluster, today),
    )


def _reports(latest: AnyRow, rows: Sequence[AnyRow]) -> Iterator[ListedReport]:
    """Yield the latest run, then each earlier run that was the last to show an open finding, the latest first."""
    yield _report(latest.document, latest.finished, [row for row in rows if row.last_seen is None])
    for time in sorted({row.last_seen for row in rows if row.last_seen is not None}, reverse=True):
        then = [row for row in rows if row.last_seen == time]
        yield _report(then[0].document, time, then)


def _report(document: str, finished: str, rows: Sequence[AnyRow]) -> ListedReport:
    findings = dict[str, tuple[ListedFinding, ...]]()
    for row in rows:
        name = row_of(row.check_id)
        findings[name] = (*findings.get(name, ()), finding_of(row))
    return report_of(document, cluster="", finished=finished, findings=findings)


def row_of(check: str) -> str:
    """Return the row of a check: "etcd-access" for "etcd-access/inside"."""
    return check.partition("/")[0]


def finding_of(row: AnyRow) -> ListedFinding:
    """Return the finding of an interval's row in the database."""
    return ListedFinding(
        id=row.finding,
        check=row.check_id,
        severity=row.severity,
        message=row.message,
        waived=row.waiver is not None,
        resource=Resource(row.kind, row.resource, row.name),
        first_seen=row.first_seen,
        width=tuple(json.loads(row.width)),
    )


def _interval(row: AnyRow) -> OpenInterval:
    return OpenInterval(row.id, finding_of(row), row.waiver or "", row.last_seen is not None)


def _closed(connection: Connection, cluster: int, today: Sequence[str]) -> frozenset[str]:
    gone = select(FINDING.c.finding).where(
        FINDING.c.cluster == cluster, FINDING.c.finding.in_(today), FINDING.c.ended_as.in_(GONE)
    )
    return frozenset(connection.execute(gone).scalars())
