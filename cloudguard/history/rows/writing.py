"""Writes the outcome of a run to the database."""

from __future__ import annotations

import json
from collections.abc import Mapping

from sqlalchemy import Connection, insert, update

from cloudguard.comparison.listed import ListedFinding, ListedReport
from cloudguard.history.outcome import Outcome, State
from cloudguard.history.rows.circumstances import document
from cloudguard.history.rows.reading import row_id
from cloudguard.history.tables import CIRCUMSTANCES, FINDING, RUN
from cloudguard.results.report import Report
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run to write: its report, its outcome, and the state ``before`` it (None for the first run).

    ``waivers`` maps a waived finding's id to the JSON of its waiver. ``shown``: the report was shown to people.
    """

    report: Report
    listed: ListedReport
    waivers: Mapping[str, str]
    before: State | None
    outcome: Outcome
    shown: bool


def write(connection: Connection, cluster: int, run: NewRun) -> None:
    """Write a run of the cluster whose row has the id ``cluster``: one row for the run, and its changes."""
    stored = document(run.listed)
    under = row_id(connection, CIRCUMSTANCES, {"digest": stored.digest}, {"document": stored.text})
    connection.execute(
        insert(RUN).values(
            cluster=cluster,
            finished=run.listed.finished,
            complete=run.report.complete,
            verdicts=" ".join(row.verdict for row in run.report.rows),
            circumstances=under,
            shown=run.shown,
        )
    )
    _update_intervals(connection, run)
    for finding in run.outcome.began:
        connection.execute(insert(FINDING).values(cluster=cluster, **_values(finding, run)))


def _update_intervals(connection: Connection, run: NewRun) -> None:
    """Update the intervals that were open before the run."""
    result, before = run.outcome, run.before
    for interval, ending in result.ended:
        _update(connection, interval, ended=run.listed.finished, ended_as=str(ending), width="[]")
    for interval, finding in result.reworded:
        _update(connection, interval, **_text_columns(finding))
    for interval in result.confirmed:
        _update(connection, interval, last_seen=None, last_under=None)
    if before:
        for interval in result.unseen:
            _update(connection, interval, last_seen=before.finished, last_under=before.circumstances)


def _update(connection: Connection, interval: int, **values: object) -> None:
    connection.execute(update(FINDING).where(FINDING.c.id == interval).values(values))


def _values(finding: ListedFinding, run: NewRun) -> dict[str, object]:
    finished = run.listed.finished
    return {
        "finding": finding.id,
        "check_id": finding.check,
        "severity": finding.severity,
        **_text_columns(finding),
        "waiver": run.waivers.get(finding.id),
        "first_seen": finding.first_seen or finished,
        "began": finished,
    }


def _text_columns(finding: ListedFinding) -> dict[str, object]:
    resource = finding.resource
    return {
        "kind": resource.kind,
        "resource": resource.id,
        "name": resource.name,
        "message": finding.message,
        "width": json.dumps(finding.width),
    }
