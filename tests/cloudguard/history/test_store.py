"""A store keeps the findings of runs as intervals, on SQLite and on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, ColumnElement, Text, cast, func, select, type_coerce

import sample
from cloudguard.errors import StoreError
from cloudguard.history.outcome import since_run
from cloudguard.history.queries import clusters, everything, intervals
from cloudguard.history.store import Store
from cloudguard.history.tables import CIRCUMSTANCES, FINDING, METADATA, RUN
from cloudguard.results.comparison import BroughtBy, Fate
from cloudguard.results.finding import Finding, Severity, Waiver
from cloudguard.results.report import Report
from cloudguard.results.since import Since

CHECK = "etcd-access/inside"
ONE, TWO = sample.finding(1, text="api"), sample.finding(2, text="etcd")
WAIVER = Waiver("platform", "until the move", "2026-06-30")
HOSTILE = f"{sample.HOSTILE}\0{'x' * 10_000}"


def on(day: int, *findings: Finding, unknown: tuple[str, ...] = (), name: str = "prod") -> Report:
    """Return the report of one night."""
    return replace(sample.report(*findings, text=name, unknown=unknown), finished=f"2026-01-{day:02}T02:17:00+00:00")


def run(store: Store, report: Report, checks: frozenset[str] = frozenset({CHECK})) -> Since | None:
    """Store a run and return its changes since the run before."""
    before = store.state(report)
    assert store.keep(report, checks, shown=True)
    return since_run(before, store.listed(report, checks)) if before else None


def fates(since: Since | None) -> dict[str, Fate]:
    """Return the fate of each finding, by its id."""
    assert since is not None
    return {change.id: change.fate for change in since.findings}


def test_a_finding_is_an_interval_from_its_first_run_to_the_run_that_fixes_it(store: Store) -> None:
    assert run(store, on(1, ONE)) is None
    assert fates(run(store, on(2, ONE, TWO))) == {ONE.id: Fate.UNCHANGED, TWO.id: Fate.NEW}
    assert fates(run(store, on(3, TWO))) == {ONE.id: Fate.FIXED, TWO.id: Fate.UNCHANGED}
    assert fates(run(store, on(4, ONE, TWO))) == {ONE.id: Fate.REOPENED, TWO.id: Fate.UNCHANGED}
    with store.reading() as connection:
        history = everything(connection)
    assert [
        (finding.finding, finding.began[8:10], finding.ended[8:10], finding.ended_as) for finding in history.findings
    ] == [
        (TWO.id, "02", "", ""),
        (ONE.id, "04", "", ""),
        (ONE.id, "01", "03", "fixed"),
    ]
    assert [run.verdicts[0] for run in history.runs] == [("etcd-access", "FAIL")] * 4


def test_a_run_without_changes_adds_one_row(store: Store) -> None:
    def rows() -> tuple[int, ...]:
        with store.reading() as connection:
            return tuple(
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (RUN, FINDING, CIRCUMSTANCES)
            )

    run(store, on(1, ONE, TWO))
    before = rows()
    for day in range(2, 7):
        run(store, on(day, ONE, TWO))
    assert rows() == (before[0] + 5, *before[1:])


def test_a_known_or_older_run_is_not_stored(store: Store) -> None:
    run(store, on(2, ONE))
    for day in (1, 2):
        assert not store.keep(on(day), {CHECK}, shown=True)
    with store.reading() as connection:
        assert len(everything(connection).runs) == 1


def test_an_unread_finding_is_unconfirmed_every_night_until_it_is_fixed(store: Store) -> None:
    run(store, on(1, ONE))
    for day in (2, 3):
        since = run(store, on(day, unknown=(f"filters: denied, request {day}",)))
        assert fates(since) == {ONE.id: Fate.UNCONFIRMED}
        assert since is not None
        assert since.with_fate(Fate.UNCONFIRMED)[0].last_seen[8:10] == "01"
    with store.reading() as connection:
        (summary,) = clusters(connection)
    assert (summary.unconfirmed, summary.open, summary.complete) == (1, (("high", 1),), False)
    assert summary.last_complete[8:10] == "01"
    assert fates(run(store, on(4))) == {ONE.id: Fate.FIXED}


def test_an_unconfirmed_finding_that_is_seen_again_is_unchanged(store: Store) -> None:
    run(store, on(1, ONE))
    run(store, on(2, unknown=("filters: denied",)))
    since = run(store, on(3, ONE))
    assert fates(since) == {ONE.id: Fate.UNCHANGED}
    assert since is not None
    assert since.by_id[ONE.id].first_seen[8:10] == "01"
    with store.reading() as connection:
        (only,) = intervals(connection)
    assert (only.ended, only.last_seen) == ("", "")


def test_the_store_knows_which_checks_and_which_version_a_run_had(store: Store) -> None:
    run(store, on(1, ONE), checks=frozenset())
    since = run(store, on(2, ONE, TWO))
    assert since is not None
    assert since.by_id[TWO.id].brought_by is BroughtBy.CHECK
    newer = replace(on(3, ONE, sample.finding(3)), tool="cloudguard 1")
    since = run(store, newer)
    assert since is not None
    assert since.by_id[f"{3:012x}"].brought_by is BroughtBy.DATA
    assert {change.id for change in since.with_fate(Fate.UNCONFIRMED)} == {TWO.id}
    with store.reading() as connection:
        assert [interval.ended_as for interval in intervals(connection, word=TWO.id)] == ["judged otherwise"]


def test_each_severity_and_waiver_has_its_interval(store: Store) -> None:
    run(store, on(1, ONE))
    run(store, on(2, replace(ONE, waived=WAIVER)))
    run(store, on(3, replace(ONE, waived=WAIVER)))
    run(store, on(4, replace(ONE, severity=Severity.CRITICAL)))
    with store.reading() as connection:
        found = intervals(connection)
    kept = [
        (interval.began[8:10], interval.ended_as, interval.severity, interval.waiver, interval.first_seen[8:10])
        for interval in found
    ]
    assert kept == [
        ("04", "", "critical", None, "01"),
        ("02", "changed", "high", WAIVER, "01"),
        ("01", "changed", "high", None, "01"),
    ]


def test_a_wider_finding_begins_an_interval_and_a_narrower_one_does_not(store: Store) -> None:
    widths = ("192.0.2.0/24", "192.0.2.0/25", "192.0.2.0/24", "192.0.2.0/24")
    reports = [on(day, replace(ONE, width=(f"tcp/22 from {cidr} to node",))) for day, cidr in enumerate(widths, 1)]
    seen = [fates(since)[ONE.id] for report in reports if (since := run(store, report))]
    assert seen == [Fate.UNCHANGED, Fate.WIDER, Fate.UNCHANGED]
    with store.reading() as connection:
        assert [interval.began[8:10] for interval in intervals(connection)] == ["03", "01"]


def test_a_replaced_finding_continues_under_its_new_id(store: Store) -> None:
    run(store, on(1, ONE))
    anew = replace(ONE, id=f"{9:012x}", resource=replace(ONE.resource, id="f-9"))
    assert fates(run(store, on(2, anew))) == {anew.id: Fate.REPLACED}
    with store.reading() as connection:
        now, before = intervals(connection)
    assert (now.finding, now.first_seen[8:10], now.ended) == (anew.id, "01", "")
    assert (before.finding, before.ended_as) == (ONE.id, "replaced")
    assert fates(run(store, on(3, anew))) == {anew.id: Fate.UNCHANGED}


def test_clusters_with_one_name_in_different_regions_are_distinct(store: Store) -> None:
    report = on(1, ONE)
    run(store, report)
    elsewhere = replace(report, cluster=replace(report.cluster, regions=("there",)))
    assert store.state(elsewhere) is None
    run(store, elsewhere)
    with store.reading() as connection:
        assert [cluster.cluster.regions for cluster in clusters(connection, ["prod"])] == ["here", "there"]


def test_clusters_with_one_name_in_different_places_of_a_region_are_distinct(store: Store) -> None:
    report = on(1, ONE)
    first, second = (replace(report, cluster=replace(report.cluster, place=place)) for place in ("a", "b"))
    run(store, first)
    assert store.state(second) is None
    run(store, second)
    with store.reading() as connection:
        assert [cluster.cluster.regions for cluster in clusters(connection, ["prod"])] == ["here,a", "here,b"]


def test_the_history_of_an_older_version_goes_on_when_the_place_is_known(store: Store) -> None:
    run(store, on(1, ONE))
    report = on(2, ONE)
    placed = replace(report, cluster=replace(report.cluster, place="a"))
    assert fates(run(store, placed)) == {ONE.id: Fate.UNCHANGED}
    with store.reading() as connection:
        assert [cluster.cluster.regions for cluster in clusters(connection, ["prod"])] == ["here,a"]


def as_kept(column: Column[Any]) -> ColumnElement[str]:
    """Return a column with the database's raw value."""
    return cast(type_coerce(column, Text), Text)


def test_hostile_names_are_read_back_and_stored_escaped(store: Store) -> None:
    bad = sample.finding(1, text=HOSTILE)
    run(store, on(1, bad, unknown=(HOSTILE,), name=HOSTILE))
    assert fates(run(store, on(2, bad, unknown=(HOSTILE,), name=HOSTILE))) == {bad.id: Fate.UNCHANGED}
    with store.reading() as connection:
        (interval,) = intervals(connection)
        raw = [row for table in METADATA.tables.values() for row in connection.execute(select(*map(as_kept, table.c)))]
    assert (interval.resource, interval.cluster.name) == (bad.resource, HOSTILE)
    assert all(str(value).isascii() and str(value).isprintable() for row in raw for value in row)


def test_a_report_without_a_date_is_refused_in_one_line(store: Store) -> None:
    with pytest.raises(StoreError, match="has no valid date: 'soon'"):
        store.keep(replace(on(1), finished="soon"), {CHECK}, shown=True)


def test_rows_that_cloudguard_did_not_write_are_an_error_in_one_line(store: Store) -> None:
    run(store, on(1, ONE))
    with store.writing() as connection:
        connection.execute(CIRCUMSTANCES.update().values(document=json.dumps({"version": 3})))
    with pytest.raises(StoreError, match="has invalid rows"):
        store.state(on(2, ONE))


def test_only_the_owner_may_read_the_file_and_readers_work_during_a_write(
    sqlite_store: Callable[[], Store], tmp_path: Path
) -> None:
    store = sqlite_store()
    run(store, on(1, ONE))
    with store.writing(), sqlite_store().reading() as connection:
        assert len(everything(connection).runs) == 1
        assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("history.db*")} == {0o600}
