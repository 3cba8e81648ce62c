"""Queries the content of a store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, case, func, or_, select

from cloudguard.history.rows.circumstances import rows_of
from cloudguard.history.rows.reading import AnyRow
from cloudguard.history.tables import CIRCUMSTANCES, CLUSTER, FINDING, RUN
from cloudguard.results.change import Resource
from cloudguard.results.finding import Severity, Waiver
from cloudguard.results.history.kept import ClusterSummary, HistoryExport, Interval, KeptCluster, Run

SEVERITIES: Final = tuple(str(severity) for severity in reversed(Severity))
_OF = (CLUSTER.c.provider, CLUSTER.c.account, CLUSTER.c.regions, CLUSTER.c.name.label("cluster_name"))


def named(names: Sequence[str]) -> ColumnElement[bool]:
    """Return the SQL condition that a cluster's name is one of ``names`` (empty: any name)."""
    return CLUSTER.c.name.in_(names) if names else CLUSTER.c.name.is_not(None)


def clusters(connection: Connection, names: Sequence[str] = ()) -> tuple[ClusterSummary, ...]:
    """Return the clusters named in ``names`` (empty: all), each with its latest run."""
    completed = func.max(case((RUN.c.complete, RUN.c.finished), else_=""))
    spans = (
        select(
            RUN.c.cluster,
            func.count().label("runs"),
            func.min(RUN.c.finished).label("first"),
            func.max(RUN.c.finished).label("last"),
            completed.label("last_complete"),
        )
        .group_by(RUN.c.cluster)
        .subquery()
    )
    rows = connection.execute(
        select(spans, *_OF, RUN.c.verdicts, CIRCUMSTANCES.c.document)
        .join(CLUSTER, CLUSTER.c.id == spans.c.cluster)
        .join(RUN, (RUN.c.cluster == spans.c.cluster) & (RUN.c.finished == spans.c.last))
        .join(CIRCUMSTANCES, CIRCUMSTANCES.c.id == RUN.c.circumstances)
        .where(named(names))
        .order_by(CLUSTER.c.name, CLUSTER.c.provider, CLUSTER.c.account, CLUSTER.c.regions)
    ).all()
    counts = connection.execute(
        select(
            FINDING.c.cluster,
            FINDING.c.severity,
            FINDING.c.waiver.is_not(None).label("waived"),
            FINDING.c.last_seen.is_not(None).label("unseen"),
            func.count().label("number"),
        )
        .where(FINDING.c.ended.is_(None))
        .group_by(
            FINDING.c.cluster, FINDING.c.severity, FINDING.c.waiver.is_not(None), FINDING.c.last_seen.is_not(None)
        )
    ).all()
    return tuple(_summary(row, [count for count in counts if count.cluster == row.cluster]) for row in rows)


def _summary(row: AnyRow, counts: Sequence[AnyRow]) -> ClusterSummary:
    by_severity = {
        severity: sum(count.number for count in counts if count.severity == severity and not count.waived)
        for severity in SEVERITIES
    }
    return ClusterSummary(
        cluster=_cluster(row),
        runs=row.runs,
        first=row.first,
        last=row.last,
        last_complete=row.last_complete,
        verdicts=_verdicts(row),
        open=tuple((severity, number) for severity, number in by_severity.items() if number),
        waived=sum(count.number for count in counts if count.waived),
        unconfirmed=sum(count.number for count in counts if count.unseen),
    )


def intervals(connection: Connection, names: Sequence[str] = (), word: str = "") -> tuple[Interval, ...]:
    """Return the intervals of the clusters named in ``names`` (empty: all), the open ones first.

    ``word`` is the start of a finding's id or the name of a cluster, and restricts the intervals to it ("": all).
    """
    wanted = or_(FINDING.c.finding.startswith(word, autoescape=True), CLUSTER.c.name == word) if word else named(())
    rows = connection.execute(
        select(FINDING, *_OF)
        .join(CLUSTER, CLUSTER.c.id == FINDING.c.cluster)
        .where(named(names), wanted)
        .order_by(FINDING.c.ended.is_not(None), FINDING.c.ended.desc(), FINDING.c.began, FINDING.c.id)
    )
    return tuple(map(_interval, rows))


def runs(connection: Connection, names: Sequence[str] = ()) -> tuple[Run, ...]:
    """Return the runs of the clusters named in ``names`` (empty: all), the earliest first."""
    rows = connection.execute(
        select(RUN, *_OF, CIRCUMSTANCES.c.document)
        .join(CLUSTER, CLUSTER.c.id == RUN.c.cluster)
        .join(CIRCUMSTANCES, CIRCUMSTANCES.c.id == RUN.c.circumstances)
        .where(named(names))
        .order_by(RUN.c.finished, RUN.c.id)
    )
    return tuple(Run(_cluster(row), row.finished, row.complete, _verdicts(row)) for row in rows)


def everything(connection: Connection, names: Sequence[str] = ()) -> HistoryExport:
    """Return all runs and intervals of the clusters named in ``names`` (empty: all)."""
    return HistoryExport(runs(connection, names), intervals(connection, names))


def _cluster(row: AnyRow) -> KeptCluster:
    return KeptCluster(row.provider, row.account, row.regions, row.cluster_name)


def _verdicts(row: AnyRow) -> tuple[tuple[str, str], ...]:
    return tuple(zip(rows_of(row.document), row.verdicts.split(), strict=True))


def _interval(row: AnyRow) -> Interval:
    return Interval(
        cluster=_cluster(row),
        finding=row.finding,
        check=row.check_id,
        severity=row.severity,
        resource=Resource(row.kind, row.resource, row.name),
        message=row.message,
        waiver=Waiver(**json.loads(row.waiver)) if row.waiver else None,
        first_seen=row.first_seen,
        began=row.began,
        last_seen=row.last_seen or "",
        ended=row.ended or "",
        ended_as=row.ended_as or "",
    )
