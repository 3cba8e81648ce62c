"""Refuse each call in turn: no row that rests on what it tells may pass, and the permission is named."""

from __future__ import annotations

import pytest
from cloudguard.checks.base import Report, Verdict
from cloudguard.errors import AccessError, ExitStatus
from cloudguard.model.source import Facet, Reason
from moto_fixtures.aws import SCENES
from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scene import Scene, check

from refusals import Call, Guard

PLACES = {
    Facet.HOSTS,
    Facet.POOLS,
    Facet.FILTERS,
    Facet.ADDRESS_LISTS,
    Facet.MEMBERS,
    Facet.ROUTES,
    Facet.BALANCERS,
    Facet.ENDPOINT,
}
RESTS_ON = {
    "api-server-access": PLACES,
    "node-access": PLACES,
    "cloud-api-access": {Facet.HOSTS, Facet.POOLS, Facet.IDENTITIES, Facet.ENDPOINT},
    "etcd-access": PLACES,
    "etcd-encryption": {Facet.HOSTS, Facet.POOLS, Facet.DISKS, Facet.KEYS, Facet.ENDPOINT},
}


def name_of(scene: Scene) -> str:
    return scene.__name__.rpartition(".")[2]


@pytest.mark.parametrize("scene", SCENES, ids=name_of)
def test_no_refused_call_leaves_a_row_passing(scene: Scene, inner_account: Account) -> None:
    scene.build(inner_account)
    guard = Guard(inner_account.session)
    whole = check(scene, inner_account.session)
    problems: list[str] = []
    for call in tuple(guard.seen):
        guard.denied = call
        problems += [f"{'/'.join(call)}: {problem}" for problem in faults(scene, inner_account, call, whole)]
    assert not problems, "\n".join(problems)


def faults(scene: Scene, account: Account, call: Call, whole: Report) -> list[str]:
    """What is wrong with the answer when ``call`` is refused."""
    try:
        report = check(scene, account.session)
    except AccessError as error:
        wrong = [] if call[1] in str(error) else [f"the error does not name the permission: {error}"]
        return wrong if error.status is ExitStatus.INCOMPLETE else [*wrong, f"status {error.status}"]
    gaps = [gap for gap in report.gaps if gap.call.endswith(f":{call[1]}")]
    problems = [] if gaps else [f"no gap; gaps of {sorted({gap.call for gap in report.gaps})}"]
    problems += [f"{gap.call} has reason {gap.reason}" for gap in gaps if gap.reason is not Reason.DENIED]
    problems += [f"{gap.call} names no permission" for gap in gaps if not gap.permission]
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
        if hidden & RESTS_ON[row.row] and not set(row.unknown) - before[row.row]
    ]
    passed = {row.row for row in whole.rows if row.verdict is Verdict.PASS}
    problems += [
        f"{row.row} passes now and did not before"
        for row in report.rows
        if row.verdict is Verdict.PASS and row.row not in passed
    ]
    return problems
