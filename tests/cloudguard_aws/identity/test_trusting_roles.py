"""Roles of the same account whose trust policies let the cluster's roles assume them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aws_hosts import api_of
from builders import SOURCE
from cloudguard.model.identity import Identities, Identity, PolicyKind
from cloudguard_aws.identity.other_roles import with_trusting_roles
from moto_fixtures.aws.builder import ACCOUNT, Account

NODE, CONTROL = f"arn:aws:iam::{ACCOUNT}:role/kube/node", f"arn:aws:iam::{ACCOUNT}:role/control"
CI = f"arn:aws:iam::{ACCOUNT}:role/ci"
Json = dict[str, Any]


def allow(principal: Json | str, **condition: object) -> Json:
    whole = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return whole | ({"Condition": condition} if condition else {})


def granted(a: Account, *trusted: Json, role: str = "admin") -> dict[str, list[tuple[str, ...]]]:
    """Return, for each of two roles of the cluster, the resources of the grants that it has from trust policies."""
    document = json.dumps({"Version": "2012-10-17", "Statement": list(trusted)})
    a.call("iam", "create_role", RoleName=role, AssumeRolePolicyDocument=document)
    identities = tuple(Identity(arn, arn.rpartition("/")[2], ("node",), (), SOURCE) for arn in (CONTROL, NODE))
    found = with_trusting_roles(api_of(a), Identities(identities))
    policies = {policy.id: policy for policy in found.policies}
    assert {policy.kind for policy in found.policies} <= {PolicyKind.RESOURCE}
    return {
        identity.name: [each.resources for name in identity.policies for each in policies[name].statements]
        for identity in found.identities
    }


ADMIN = (f"arn:aws:iam::{ACCOUNT}:role/admin",)


@pytest.mark.mistake("grant-left-out")
@pytest.mark.parametrize(
    ("trusted", "control", "node"),
    [
        ([allow({"AWS": NODE})], [], [ADMIN]),
        ([allow({"AWS": [NODE, CONTROL]})], [ADMIN], [ADMIN]),
        ([allow("*")], [ADMIN], [ADMIN]),
        ([allow({"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/node/i-0123"})], [], [ADMIN]),
        ([allow({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})], [], []),
        ([allow({"AWS": CI})], [], []),
        ([allow({"AWS": f"{NODE}s"})], [], []),
        ([allow({"Service": "ec2.amazonaws.com"})], [], []),
    ],
)
def test_a_trust_policy_that_names_a_role_grants_by_itself(
    inner_account: Account, trusted: list[Json], control: list[tuple[str, ...]], node: list[tuple[str, ...]]
) -> None:
    assert granted(inner_account, *trusted) == {"control": control, "node": node}


def test_a_trust_in_everyone_or_itself_grants_other_roles_nothing(
    inner_account: Account,
) -> None:
    """The row about trust policies tells of it already."""
    assert granted(inner_account, allow("*"), role="control") == {"control": [], "node": []}
