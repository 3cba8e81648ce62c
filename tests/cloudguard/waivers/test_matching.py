"""Which findings a waiver covers, until when, and the state of a waiver that covers nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

import sample
from builders import CONTROL_PLANE, NODE, SOURCE, WORLD, group, host
from builders import snapshot as built
from cloudguard.errors import SettingsError
from cloudguard.model.cluster import Disk, EvidenceKind, RoleEvidence, Strength
from cloudguard.model.identity import Condition
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.needs.declarations import Declarations
from cloudguard.needs.waivers import DeclaredWaiver
from cloudguard.pipeline import evaluate, plan
from cloudguard.results.finding import Finding, Severity, WaiverState
from cloudguard.results.report import Report, RowResult, Verdict
from cloudguard.rows.judge import judge
from cloudguard.waivers.matching import Waivers, day_of
from identities import NEED, account, allow, document, iam_catalog

SAMPLE = sample.snapshot()
DAY = day_of(SAMPLE.finished)
LATER = DAY + timedelta(days=30)


def waiver(**fields: Any) -> DeclaredWaiver:  # noqa: ANN401 - any of its fields
    usual: dict[str, Any] = {"reason": "so it is", "owner": "alice", "expires": LATER}
    return DeclaredWaiver(**(usual | fields))


def waiving(*declared: DeclaredWaiver, made: Snapshot = SAMPLE) -> Report:
    return evaluate(made, Declarations(waivers=declared))


def counting(report: Report) -> list[Finding]:
    return [finding for finding in report.findings if finding.counts]


OPEN = counting(evaluate(SAMPLE))
FIRST = OPEN[0]


def all_of(findings: Sequence[Finding]) -> tuple[DeclaredWaiver, ...]:
    return tuple(waiver(finding=finding.id, width=finding.width) for finding in findings)


def test_a_row_whose_findings_are_all_waived_has_the_verdict_waived() -> None:
    report = waiving(*all_of(OPEN))
    assert counting(report) == []
    for row in report.rows:
        worse = [finding for finding in row.findings if finding.severity > Severity.LOW]
        assert (row.verdict is Verdict.WAIVED) is bool(worse)
        assert not worse or row.why.startswith(f"waived by alice until {LATER}: ")
    assert {use.state for use in report.waivers} == {WaiverState.ACTIVE}
    assert report.plan == ()
    assert report.complete


def test_one_finding_that_is_not_waived_fails_its_row() -> None:
    of_row = [finding for finding in OPEN if finding.check.startswith("etcd-access/")]
    others = [waiver(finding=finding.id) for finding in OPEN if finding is not of_row[0]]
    row = waiving(*others).row("etcd-access")
    assert (row.verdict, row.why) == (Verdict.FAIL, of_row[0].message)


@pytest.mark.parametrize(
    ("days", "state", "covered"),
    [
        (15, WaiverState.ACTIVE, True),
        (14, WaiverState.EXPIRING, True),
        (0, WaiverState.EXPIRING, True),
        (-1, WaiverState.EXPIRED, False),
    ],
)
def test_a_waiver_holds_through_its_last_day(days: int, state: WaiverState, *, covered: bool) -> None:
    report = waiving(waiver(finding=FIRST.id, expires=DAY + timedelta(days=days)))
    (use,) = report.waivers
    assert (use.state, use.days_left) == (state, days)
    assert (report.finding(FIRST.id).waived is not None) is covered
    assert (use.covered, use.uncovered) == (((FIRST.id,), ()) if covered else ((), (FIRST.id,)))


def test_a_wider_finding_counts_again_and_names_the_excess() -> None:
    narrow = FIRST.width[0].replace("0.0.0.0/0", "198.51.100.0/24")
    assert narrow != FIRST.width[0]
    report = waiving(waiver(finding=FIRST.id, width=(narrow,)))
    (use,) = report.waivers
    assert (use.state, use.uncovered, use.beyond) == (WaiverState.OUTGROWN, (FIRST.id,), FIRST.width)
    assert report.finding(FIRST.id).waived is None
    wider = FIRST.width[0].replace("0.0.0.0/0", "0.0.0.0/0,::/0")
    assert waiving(waiver(finding=FIRST.id, width=(wider,))).waivers[0].state is WaiverState.ACTIVE


def test_a_waiver_without_width_covers_any_width_and_says_so() -> None:
    report = waiving(waiver(finding=FIRST.id, origin="/w.toml"))
    held = report.finding(FIRST.id).waived
    assert held
    assert (held.any_width, held.origin) == (True, "/w.toml")
    assert report.waivers[0].any_width
    assert not waiving(waiver(finding=FIRST.id, width=FIRST.width)).waivers[0].any_width


@pytest.mark.parametrize(
    ("fields", "about"),
    [
        ({"check": FIRST.check}, True),
        ({"check": f"{FIRST.check.partition('/')[0]}/*"}, True),
        ({"check": "*/" + FIRST.check.partition("/")[2], "cluster": "pr?d"}, True),
        ({"check": FIRST.check, "resource": FIRST.resource.id}, True),
        ({"check": FIRST.check, "resource": FIRST.resource.name}, True),
        ({"check": FIRST.check, "resource": "f-[m]asters"}, False),
        ({"check": FIRST.check, "resource": "elsewhere-*"}, False),
        ({"check": FIRST.check, "cluster": "stage"}, False),
        ({"finding": FIRST.id, "cluster": "stage"}, False),
        ({"finding": FIRST.id[:-1] + "x"}, False),
    ],
)
def test_patterns_choose_the_findings_of_a_waiver(fields: dict[str, str], *, about: bool) -> None:
    report = waiving(waiver(**fields))
    assert (report.finding(FIRST.id).waived is not None) is about
    assert len(report.waivers) == (0 if fields.get("cluster") == "stage" else 1)


def test_a_waiver_is_unused_only_if_all_facts_of_its_check_were_read() -> None:
    hidden = Gap("memory:Filters", "x", Reason.DENIED, "no", (FactKind.FILTERS,))
    unused = waiver(check="etcd-access/plaintext")
    elsewhere = waiver(check="etcd-encryption/disk")
    assert [use.state for use in waiving(unused, elsewhere).waivers] == [WaiverState.UNUSED] * 2
    snapshot = sample.snapshot(gaps=(hidden,))
    states = [use.state for use in waiving(unused, elsewhere, waiver(finding="0" * 12), made=snapshot).waivers]
    assert states == [WaiverState.UNKNOWN, WaiverState.UNUSED, WaiverState.UNKNOWN]


def test_a_waiver_never_turns_unknown_into_waived() -> None:
    hidden = Gap("memory:Filters", "x", Reason.DENIED, "no", (FactKind.FILTERS,))
    snapshot = sample.snapshot(gaps=(hidden,))
    report = waiving(*(waiver(finding=finding.id) for finding in counting(evaluate(snapshot))), made=snapshot)
    row = report.row("etcd-access")
    assert (row.verdict, report.complete) == (Verdict.UNKNOWN, False)
    assert row.why == row.unknown[0]


def _cloud_api(snapshot: Snapshot, *declared: DeclaredWaiver) -> RowResult:
    waivers = Waivers(declared, DAY)
    rows, _ = judge(snapshot, Declarations(), iam_catalog(NEED), waive=waivers)
    return next(row for row in rows if row.row == "cloud-api-access")


def test_a_row_is_unknown_if_only_its_waived_finding_was_certain() -> None:
    odd = Condition("NoSuchOperator", "tag", ("x",))
    snapshot = account(document(allow("disk:DeleteVolume"), allow("role:*", when=(odd,))))
    failed = _cloud_api(snapshot)
    assert (failed.verdict, failed.unknown) == (Verdict.FAIL, ())
    (finding,) = (finding for finding in failed.findings if finding.severity > Severity.LOW)
    waived = _cloud_api(snapshot, waiver(finding=finding.id))
    assert waived.verdict is Verdict.UNKNOWN
    assert "is undecided" in waived.why


def test_a_waived_row_is_judged_for_every_role_that_a_host_may_have() -> None:
    named = RoleEvidence(EvidenceKind.NAME, "its name", Strength.WEAK)
    hosts = [replace(host(name, roles), role_evidence=(named,)) for name, roles in (("m", CONTROL_PLANE), ("w", NODE))]
    disks = [Disk(f"disk-{host.id}", "", host.id, "/dev/a", False, "", SOURCE) for host in hosts]  # noqa: FBT003 - not encrypted
    snapshot = built(hosts, [group("masters")], disks=disks)
    rows, _ = judge(snapshot, Declarations())
    (finding,) = (finding for row in rows for finding in row.findings if finding.check == "etcd-encryption/disk")
    waived, _ = judge(snapshot, Declarations(), waive=Waivers((waiver(finding=finding.id, width=finding.width),), DAY))
    verdicts = {row.row: row.verdict for row in waived}
    assert verdicts["etcd-encryption"] is Verdict.UNKNOWN


def test_a_managed_row_may_be_waived() -> None:
    report = waiving(waiver(check="etcd-encryption/*"))
    assert report.row("etcd-encryption").verdict is evaluate(SAMPLE).row("etcd-encryption").verdict


def test_a_plan_has_no_edit_for_a_waived_finding_alone() -> None:
    declared = Declarations(waivers=all_of([finding for finding in OPEN if finding.check.startswith("etcd-access/")]))
    planned = plan(SAMPLE, declared).plan
    assert planned.asked == tuple(finding.id for finding in OPEN if not finding.check.startswith("etcd-access/"))
    assert not any("2379" in str(change.edits) for change in planned.changes)
    assert any("2379" in str(change.edits) for change in plan(SAMPLE).plan.changes)


def test_an_edit_for_another_finding_keeps_waived_traffic() -> None:
    every = group("nodes", ("tcp", WORLD))
    snapshot = built(
        [host("cp", CONTROL_PLANE, "masters"), host("n", NODE, "nodes", where="public", public="8.8.8.8")],
        [group("masters"), every],
    )
    rows, _ = judge(snapshot, Declarations())
    findings = [finding for row in rows for finding in row.findings if finding.severity > Severity.LOW]
    kept, changes = judge(snapshot, Declarations(), waive=Waivers(all_of(findings), DAY))
    assert not any(finding.counts for row in kept for finding in row.findings)
    assert changes == ()


def test_an_unknown_check_is_refused() -> None:
    with pytest.raises(SettingsError) as raised:
        waiving(waiver(check="etcd-acces/inside", number=2, origin="/w.toml"), waiver(check="x"))
    first, second = raised.value.faults
    assert (
        first == "/w.toml: waiver[1].check: there is no check 'etcd-acces/inside'. Did you mean 'etcd-access/inside'?"
    )
    assert "there is no check 'x'" in second


def test_expiry_counts_from_the_day_of_the_facts_in_utc() -> None:
    assert day_of("2026-03-01T00:30:00+02:00") == date(2026, 2, 28)
    assert waiving(*all_of(OPEN)) == waiving(*all_of(OPEN))
