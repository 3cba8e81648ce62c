"""Refuse each call in turn: no row that depends on its answer may pass, and the report names the permission."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import boto3
import pytest

from cloudguard.comparison.findings import since
from cloudguard.comparison.listed import listed
from cloudguard.errors import AccessError, ExitStatus
from cloudguard.model.source import Reason
from cloudguard.results.comparison import Fate
from cloudguard.results.report import Report, Verdict
from cloudguard_aws.access.api import Api
from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scene import Scene, check, scenes
from refused_calls import PROVIDED, RESTS_ON, Call, Guard, Reusing
from remembered import remembering

NEEDS_NONE: Call = ("sts", "GetCallerIdentity")
"""This call needs no permission and cannot be denied (AWS STS API Reference, GetCallerIdentity)."""
SHOWCASE = "showcase"
"""The scene of which the test refuses every call, each in turn."""
WHOLE = {
    *("block_public_access", "classic_balancer", "eks_auto_mode", "eks_private", "endpoint_service", "next_host"),
    *("organization_limit", "peering", "prefix_lists", SHOWCASE),
}
"""Scenes that together make every kind of call. Of these scenes the test refuses each call that is not in ``USUAL``."""
USUAL = {
    *("DescribeAutoScalingGroups", "DescribeCluster", "DescribeInstances", "DescribeNetworkAcls"),
    *("DescribeNetworkInterfaces", "DescribeRouteTables", "DescribeSecurityGroupRules"),
    *("DescribeSecurityGroups", "DescribeSubnets", "DescribeTargetGroups", "DescribeVpcs", "GetCallerIdentity"),
    *("GetInstanceProfile", "GetRole", "ListAttachedRolePolicies", "ListRolePolicies", "ListRoles"),
}
"""Calls that every scene makes."""
EVERY = 1 if os.environ.get("EVERY_REFUSAL") else 12
"""Of the other scenes, which make the same calls, the test takes each twelfth. Of all scenes but the showcase, it
refuses each twelfth of the calls that other scenes make too. With EVERY_REFUSAL=1 in the environment, it refuses all
calls of all scenes (ten minutes on two cores)."""
CAN_ONLY_SHUT = {
    "GetWebACLForResource",
    "DescribeVpcBlockPublicAccessOptions",
    "DescribeVpcBlockPublicAccessExclusions",
    "ListAccounts",
}
"""Calls that can only shut a way in, or show that an account belongs to the organization. Without them, every way in is
or may be open, and every other account counts as foreign."""
LACKING = {"GetSnapshotBlockPublicAccessState"}
"""Calls that moto lacks. It raises an error before the refusal is used."""
RESTS_ON_NO_RIGHT = {"cloud-api-access/metadata", "cloud-api-access/trust"}
"""Checks whose findings do not depend on the organization's permission limits."""


def test_the_scenes_in_whole_exist() -> None:
    assert scenes().keys() >= WHOLE


@pytest.mark.parametrize("name", [*sorted(WHOLE), *sorted(scenes().keys() - WHOLE)[::EVERY]])
def test_no_row_passes_when_a_call_that_it_depends_on_is_refused(
    name: str,
    inner_account: Account,
    record_property: Callable[[str, object], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = scenes()[name]
    scene.build(inner_account)
    session = Reusing()
    guard = Guard(session)
    monkeypatch.setattr(Api, "fetch", remembering(Api.fetch, guard.refuses))
    whole = check(scene, session)
    assert {call[1] for call in guard.seen} >= USUAL, "the guard misses calls"
    calls = refused(name, guard.seen)
    record_property("refused", len(calls))
    problems: list[str] = []
    for call in calls:
        guard.denied = call
        problems += [f"{'/'.join(call)}: {problem}" for problem in faults(scene, session, call, whole)]
    assert not problems, "\n".join(problems)


def refused(name: str, seen: Iterable[Call]) -> list[Call]:
    """Return the calls to refuse, of those that the scene called ``name`` makes."""
    calls = sorted(call for call in seen if call[1] not in LACKING)
    if name == SHOWCASE:
        return calls
    special = [call for call in calls if name in WHOLE and call[1] not in USUAL]
    return special + [call for call in calls if call not in special][::EVERY]


def faults(scene: Scene, session: boto3.Session, call: Call, whole: Report) -> list[str]:
    """Return the errors of the report when ``call`` is refused."""
    try:
        report = check(scene, session)
    except AccessError as error:
        wrong = [] if call[1] in str(error) else [f"the error does not name the permission: {error}"]
        return wrong if error.status is ExitStatus.INCOMPLETE else [*wrong, f"status {error.status}"]
    gaps = [gap for gap in report.gaps if gap.call.endswith(f":{call[1]}")]
    fixed = falsely_fixed(report, whole)
    problems = fixed if gaps else [f"no gap; gaps of {sorted({gap.call for gap in report.gaps})}"]
    problems += [f"{gap.call} has reason {gap.reason}" for gap in gaps if gap.reason is not Reason.DENIED]
    problems += [f"{gap.call} names no permission" for gap in gaps if not gap.permission and call != NEEDS_NONE]
    if call[1] in CAN_ONLY_SHUT:
        return problems + newly_passing(report, whole)
    if not any(gap.hides for gap in gaps):
        return problems + faults_of_unread_limits(call, report, whole)
    problems += [] if not report.complete else ["the report calls itself complete"]
    before = {row.row: set(row.unknown) for row in whole.rows}
    hidden = {facet for gap in gaps for facet in gap.hides}
    problems += [
        f"{row.row} passes though {', '.join(sorted(hidden & RESTS_ON[row.row]))} is hidden"
        for row in report.rows
        if row.verdict is Verdict.PASS and hidden & RESTS_ON[row.row]
    ]
    problems += [
        f"{row.row} does not say that it is incomplete"
        for row in report.rows
        if hidden & (PROVIDED if row.verdict is Verdict.PROVIDER else RESTS_ON)[row.row]
        and not set(row.unknown) - before[row.row]
    ]
    return problems + newly_passing(report, whole)


def falsely_fixed(report: Report, whole: Report) -> list[str]:
    """Return findings that the comparison calls fixed or replaced, though only a call was refused."""
    changes = since(listed(whole), listed(report)).with_fate(Fate.FIXED, Fate.REPLACED)
    return [f"{change.check} ({change.id}) is {change.fate}" for change in changes]


def newly_passing(report: Report, whole: Report) -> list[str]:
    """Return rows that pass only because a call was refused."""
    passed = {row.row for row in whole.rows if row.verdict is Verdict.PASS}
    return [
        f"{row.row} passes now and did not before"
        for row in report.rows
        if row.verdict is Verdict.PASS and row.row not in passed
    ]


def faults_of_unread_limits(call: Call, report: Report, whole: Report) -> list[str]:
    """Return the errors of a report whose only gap is a permission limit; the report must mention the limit."""
    row = report.row("cloud-api-access")
    said = [
        row.why,
        *row.unknown,
        *(f"{key}: {value}" for finding in row.findings for key, value in finding.witness.facts),
    ]
    is_explained = any("organization limits" in text and call[1] in text for text in said)
    is_explained = is_explained or bool(set(row.unknown) - set(whole.row(row.row).unknown))
    is_explained = is_explained or (
        bool(row.findings) and {finding.check for finding in row.findings} <= RESTS_ON_NO_RIGHT
    )
    problems = newly_passing(report, whole)
    return (
        problems if is_explained or call == NEEDS_NONE else [*problems, f"{row.row} does not tell of {call[1]}: {said}"]
    )
