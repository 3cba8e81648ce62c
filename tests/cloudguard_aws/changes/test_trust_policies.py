"""Edits of trust policies remove the outsider and keep everyone else. If no policy is certainly right: a procedure."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest

from builders import CONTROL_PLANE, NODE, SOURCE, group, host, snapshot
from cloudguard import pipeline
from cloudguard.model.identity import Identities, Identity, PolicyDocument, PolicyKind
from cloudguard.model.snapshot import Snapshot
from cloudguard.planning.planner import Planned
from cloudguard.results.change import Change, Procedure
from cloudguard.results.document_edit import DocumentEdit
from cloudguard_aws.identity.policy_documents import statements

ACCOUNT, OTHER = "123456789012", "210987654321"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/nodes"
EC2: dict[str, Any] = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}
OUTSIDER, OWN = f"arn:aws:iam::{OTHER}:root", f"arn:aws:iam::{ACCOUNT}:role/break-glass"


def account(*written: dict[str, Any]) -> Snapshot:
    """Return a cluster whose node has a role with these statements in its trust policy."""
    text = json.dumps({"Version": "2012-10-17", "Statement": [*written]})
    trust = PolicyDocument(
        f"{ROLE}#trust", "trust policy", PolicyKind.TRUST, "inline", text, statements(text, trust=True), SOURCE
    )
    role = Identity(ROLE, "nodes", ("node",), (trust.id,), SOURCE)
    hosts = [host("cp1", CONTROL_PLANE, "masters"), host("n1", NODE, "nodes", identity=ROLE)]
    filters = [group("masters", ("tcp/6443", "nodes")), group("nodes", ("tcp/10250", "masters"))]
    return snapshot(hosts, filters, identities=Identities((role,), (trust,)), provider="aws", account=ACCOUNT)


def planned(*written: dict[str, Any]) -> Planned:
    return pipeline.plan(account(*written), rows=("cloud-api-access",))


def trust_change(plan: Planned) -> Change:
    (change,) = (change for change in plan.plan.changes if change.kind == "trust.narrow")
    return change


def new_trust_policy(plan: Planned) -> dict[str, Any]:
    """Return the trust policy of the plan's only call that sets one."""
    calls = [each.call for step in plan.plan.steps for each in step.calls if "Assume" in each.call.operation]
    (call,) = calls
    assert call.parameters["RoleName"] == "nodes"
    return dict(json.loads(call.parameters["PolicyDocument"]))


def allow(*principals: str, **rest: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": [*principals]}, **rest}


def test_a_statement_for_an_outsider_alone_is_removed() -> None:
    plan = planned(EC2, allow(OUTSIDER))
    assert new_trust_policy(plan)["Statement"] == [EC2]
    assert plan.plan.mends == plan.plan.asked != ()


def test_only_the_outsider_is_removed_from_a_statement() -> None:
    plan = planned(EC2, allow(OUTSIDER, OWN))
    assert new_trust_policy(plan)["Statement"] == [EC2, allow(OWN)]


def test_a_condition_stays_with_its_statement() -> None:
    limited = {"Condition": {"StringEquals": {"aws:PrincipalTag/team": "ops"}}}
    plan = planned(allow(OWN, **limited), EC2, allow(OUTSIDER))
    assert new_trust_policy(plan)["Statement"] == [allow(OWN, **limited), EC2]


@pytest.mark.parametrize(
    "written",
    [
        [allow(OUTSIDER)],
        [{**EC2, "Principal": "*"}],
        [EC2, {**EC2, "Principal": "*"}],
        [EC2, {**EC2, "Principal": {"AWS": "*"}}],
    ],
)
def test_if_the_principals_to_keep_are_unknown_the_edit_is_a_procedure(written: list[dict[str, Any]]) -> None:
    plan = planned(*written)
    (edit,) = trust_change(plan).edits
    assert isinstance(edit, Procedure)
    assert ": " in edit.steps[0]
    assert plan.plan.steps == ()


def test_a_trust_policy_with_an_external_id_is_not_rewritten() -> None:
    secret = {"Condition": {"StringEquals": {"sts:ExternalId": "external-id-1"}}}
    own = allow(OWN, **secret)
    plan = planned(EC2, own, allow(OUTSIDER))
    assert plan.plan.steps == ()


STATEMENTS = (EC2, allow(OUTSIDER), allow(OWN), allow(OWN, OUTSIDER), {**EC2, "Sid": "named"}, allow(OTHER))


@pytest.mark.parametrize("written", [each for size in (1, 2, 3) for each in combinations(STATEMENTS, size)])
def test_exactly_the_outsiders_are_removed(written: tuple[dict[str, Any], ...]) -> None:
    """Compare the principals before and after: only those of the other account are removed."""
    plan = planned(*written)
    changes = [change for change in plan.plan.changes if change.kind == "trust.narrow"]
    before = [principal for each in written for principal in principals_of(each)]
    wanted = [principal for principal in before if OTHER not in principal]
    if before == wanted:
        assert changes == []
    elif not wanted:
        assert isinstance(changes[0].edits[0], Procedure)
    else:
        assert isinstance(changes[0].edits[0], DocumentEdit)
        assert [
            principal for each in new_trust_policy(plan)["Statement"] for principal in principals_of(each)
        ] == wanted


def principals_of(statement: dict[str, Any]) -> list[str]:
    """Return the principals of a statement."""
    return [
        path for value in statement["Principal"].values() for path in ([value] if isinstance(value, str) else value)
    ]
