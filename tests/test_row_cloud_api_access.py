"""cloud-api-access: what may the cluster's cloud identities do that Kubernetes does not need."""

from __future__ import annotations

from dataclasses import replace

import pytest

from builders import CONTROL_PLANE, NODE, SOURCE, host, snapshot
from cloudguard.checks import judge
from cloudguard.checks.base import RowResult, Severity, Verdict
from cloudguard.engine.change import Change
from cloudguard.model.cluster import Pool
from cloudguard.model.identity import Condition, Effect, Identities, Identity, PolicyKind, Statement
from cloudguard.model.identity import Policy as Document
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import Facet, Gap, Reason
from cloudguard.needs.policy import Policy

ADMINISTRATOR = ("*", "access:GiveAnyone")
MASTER = host("cp", CONTROL_PLANE, identity="role/masters")


def document(*statements: Statement, name: str = "p", kind: PolicyKind = PolicyKind.GRANT) -> Document:
    return Document(name, name, kind, "user", "{}", statements, SOURCE)


def allow(*actions: str, on: tuple[str, ...] = ("*",), when: tuple[Condition, ...] = ()) -> Statement:
    return Statement("#1", Effect.ALLOW, actions, resources=on, conditions=when)


def account(*documents: Document, complete: bool = True, gaps: tuple[Gap, ...] = ()) -> Snapshot:
    names = tuple(one.id for one in documents)
    identity = Identity("role/masters", "masters", ("control-plane",), names, SOURCE, complete)
    return snapshot([MASTER], identities=Identities((identity,), documents, ADMINISTRATOR), gaps=gaps)


def row(made: Snapshot) -> RowResult:
    return judge(made, Policy())[0][2]


def changes(made: Snapshot) -> list[Change]:
    return [one for one in judge(made, Policy())[1] if one.row == "cloud-api-access"]


@pytest.mark.parametrize("action", ["*", "access:*", "ACCESS:giveanyone", "access:Give*", "a*"])
def test_an_administrator_is_critical(action: str) -> None:
    made = account(document(allow(action)))
    found = row(made)
    assert found.verdict is Verdict.FAIL
    (finding,) = found.findings
    assert (finding.check, finding.severity) == ("cloud-api-access/administrator", Severity.CRITICAL)
    assert finding.hosts == ("cp",)
    assert "masters (control-plane) is an administrator" in finding.message
    (change,) = changes(made)
    assert (change.kind, change.after, finding.changes) == ("permission.remove", (), (change.id,))
    assert action in change.before[0]


@pytest.mark.parametrize(
    "statement",
    [
        allow("storage:Read"),
        allow("access:GiveNoone", "access:Get*"),
        allow("*", on=("disk/1",)),
        allow("*", when=(Condition("StringEquals", "region", ("here",)),)),
        Statement("#1", Effect.ALLOW, not_actions=("access:*",), resources=("*",)),
    ],
)
def test_anything_less_is_not_told_yet_and_no_pass(statement: Statement) -> None:
    found = row(account(document(statement)))
    assert (found.verdict, found.findings) == (Verdict.UNKNOWN, ())
    assert "masters (control-plane)" in found.why


@pytest.mark.parametrize(
    "limit",
    [
        document(allow("*"), name="b", kind=PolicyKind.BOUNDARY),
        document(Statement("#1", Effect.DENY, ("storage:Read",), resources=("*",)), name="d"),
    ],
)
def test_a_boundary_or_denial_leaves_open_what_an_administrator_may_do(limit: Document) -> None:
    found = row(account(document(allow("*")), limit))
    assert (found.verdict, found.findings) == (Verdict.UNKNOWN, ())


def test_no_grant_at_all_passes_and_who_may_become_it_is_no_grant() -> None:
    assert row(account()).verdict is Verdict.PASS
    assert row(account(document(allow("*"), kind=PolicyKind.TRUST))).verdict is Verdict.PASS
    denial = Statement("#1", Effect.DENY, ("*",), resources=("*",))
    assert row(account(document(denial))).verdict is Verdict.PASS


def test_what_a_resource_s_own_policy_allows_is_not_told_yet_and_no_pass() -> None:
    found = row(account(document(allow("*"), kind=PolicyKind.RESOURCE)))
    assert (found.verdict, found.findings) == (Verdict.UNKNOWN, ())
    assert "masters (control-plane)" in found.why


def test_two_grants_of_one_identity_are_one_finding_with_a_change_each() -> None:
    made = account(document(allow("*"), name="p1"), document(allow("storage:Read"), allow("access:*"), name="p2"))
    (finding,) = row(made).findings
    assert [one.rule for one in finding.evidence] == ["p1/#1", "p2/#1"]
    assert {change.id for change in changes(made)} == set(finding.changes)
    assert len(finding.changes) == 2


def test_ids_stay_when_hosts_come_and_policies_change_places() -> None:
    one, two = document(allow("*"), name="p1"), document(allow("access:*"), name="p2")
    made, turned = account(one, two), account(two, one)
    more = replace(turned, cluster=replace(turned.cluster, hosts=(replace(MASTER, id="cp0"), MASTER)))
    ((first,), (second,)) = row(made).findings, row(more).findings
    assert first.id == second.id
    assert second.hosts == ("cp", "cp0")


def test_what_was_not_read_of_an_identity_is_no_pass() -> None:
    assert "some policy of masters" in row(account(complete=False)).why
    whole = account(document(allow("*")))
    lost = replace(whole, identities=replace(whole.identities, policies=()))
    assert row(lost).verdict is Verdict.UNKNOWN


def test_an_identity_that_hosts_or_pools_hold_and_nobody_read_is_no_pass() -> None:
    found = row(snapshot([MASTER]))
    assert (found.verdict, found.why) == (Verdict.UNKNOWN, "the identity role/masters was not read")
    pool = Pool("asg", "asg", NODE, (), (), (), (), SOURCE, identity="role/nodes")
    assert "role/nodes" in row(snapshot([host("n1", NODE)], pools=[pool])).why


def test_hosts_without_an_identity_are_granted_nothing_but_no_hosts_are_no_pass() -> None:
    assert row(snapshot([host("n1", NODE)])).verdict is Verdict.PASS
    assert row(snapshot()).verdict is Verdict.UNKNOWN


def test_an_identity_that_no_known_role_holds_is_named_so() -> None:
    made = account(document(allow("*")))
    nobody = replace(made.identities.identities[0], roles=())
    found = row(replace(made, identities=replace(made.identities, identities=(nobody,))))
    assert "masters (role unknown)" in found.why


@pytest.mark.parametrize("facet", sorted(Facet))
@pytest.mark.parametrize("managed", [False, True])
def test_what_the_row_rests_on_must_have_been_read(facet: Facet, managed: bool) -> None:  # noqa: FBT001 - a case
    gap = Gap("test:Read", "*", Reason.DENIED, "denied", (facet,), "test:read")
    made = account(gaps=(gap,))
    found = row(replace(made, cluster=replace(made.cluster, managed=managed)))
    rests = {Facet.HOSTS, Facet.POOLS, Facet.IDENTITIES} | ({Facet.ENDPOINT} if managed else set[Facet]())
    assert found.verdict is (Verdict.UNKNOWN if facet in rests else Verdict.PASS)
