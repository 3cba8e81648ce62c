"""Permissions that the policies of etcd's keys give to the cluster's roles by name."""

from __future__ import annotations

import json

import pytest

from aws_hosts import api_of
from cloudguard.model.identity import Effect, Identities, Identity, PolicyDocument, PolicyKind, Statement
from cloudguard.model.keys import Key, KeyManager, KeyState
from cloudguard.model.source import FactKind, Reason, Source
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import GET_KEY_POLICY
from cloudguard_aws.identity.resource_policies import names, read_key_policies, with_resource_policies
from moto_fixtures.aws.builder import ACCOUNT, Account
from refused_calls import Guard, Reusing

ROLE = f"arn:aws:iam::{ACCOUNT}:role/masters.prod"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/nodes.prod"
ROOT = f"AWS:arn:aws:iam::{ACCOUNT}:root"
WHOLE = Identities((Identity(ROLE, "masters.prod", ("control-plane",), (), Source("iam:GetRole")),))


def key_of(name: str, manager: KeyManager = KeyManager.CUSTOMER) -> Key:
    return Key(name, manager, KeyState.ENABLED, Source("kms:DescribeKey", name))


def guarded(a: Account, *statements: dict[str, object]) -> str:
    """Make a key with a policy; return its ARN."""
    key = a.key()
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    a.call("kms", "put_key_policy", KeyId=key.rpartition("/")[2], PolicyName="default", Policy=policy)
    return key


def allow(principal: object, *actions: str, **rest: object) -> dict[str, object]:
    return {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": "*"} | rest


def granted(identities: Identities) -> dict[str, tuple[tuple[str, ...], tuple[str, ...], PolicyKind]]:
    """Return (actions, resources) by name of each policy of the only identity."""
    (identity,) = identities.identities
    policies: dict[str, PolicyDocument] = {policy.id: policy for policy in identities.policies}
    mine = [(policies[name], statement) for name in identity.policies for statement in policies[name].statements]
    return {statement.name: (statement.actions, statement.resources, policy.kind) for policy, statement in mine}


def with_policies(api: Api, *keys: Key) -> Identities:
    return with_resource_policies(api, WHOLE, GET_KEY_POLICY, read_key_policies(api, keys, ACCOUNT))


@pytest.mark.mistake("grant-left-out")
def test_a_statement_that_names_the_role_is_a_grant_on_the_key(inner_account: Account) -> None:
    a = inner_account
    via = {"StringEquals": {"kms:ViaService": "ec2.eu-west-1.amazonaws.com"}}
    key = guarded(
        a,
        allow({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "kms:*", Sid="Delegate"),
        allow({"AWS": [ROLE, OTHER]}, "kms:Decrypt", Sid="Role"),
        allow({"AWS": "*"}, "kms:CreateGrant", Sid="Disks", Condition=via),
        allow({"AWS": OTHER}, "kms:Encrypt", Sid="Other"),
    )
    api = api_of(a)
    identities = with_policies(api, key_of(key))
    assert granted(identities) == {
        "Role": (("kms:Decrypt",), (key,), PolicyKind.RESOURCE),
        "Disks": (("kms:CreateGrant",), (key,), PolicyKind.RESOURCE),
    }
    assert identities.identities[0].policies == (f"{key}#{ROLE}",)
    assert api.gaps == ()


@pytest.mark.mistake("grant-left-out")
def test_an_alias_is_resolved_to_its_key(inner_account: Account) -> None:
    a = inner_account
    key = guarded(a, allow({"AWS": ROLE}, "kms:Decrypt", Sid="Role"))
    a.call("kms", "create_alias", AliasName="alias/etcd", TargetKeyId=key)
    identities = with_policies(api_of(a), key_of(f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/etcd"))
    assert granted(identities) == {"Role": (("kms:Decrypt",), (key,), PolicyKind.RESOURCE)}


def test_policies_of_provider_keys_and_foreign_keys_are_not_read(inner_account: Account) -> None:
    asked: list[str] = []
    api = api_of(inner_account, asked)
    theirs = "arn:aws:kms:eu-west-1:210987654321:key/0b1f8f2e-0d7c-4a55-8f4e-3f6c1b6f8d11"
    own = inner_account.key()
    assert with_policies(api, key_of(theirs), key_of(own, KeyManager.PROVIDER)) == WHOLE
    assert asked == []


def test_if_the_account_is_unknown_every_key_s_policy_is_read(inner_account: Account) -> None:
    key = guarded(inner_account, allow({"AWS": ROLE}, "kms:Decrypt", Sid="Role"))
    assert [*read_key_policies(api_of(inner_account), [key_of(key)], "")] == [key]


def test_a_refused_key_policy_hides_identities(inner_account: Account) -> None:
    key = guarded(inner_account, allow({"AWS": ROLE}, "kms:Decrypt"))
    session = Reusing()
    Guard(session).denied = ("kms", "GetKeyPolicy")
    api = Api(session, "eu-west-1")
    assert with_policies(api, key_of(key)) == WHOLE
    assert [(gap.resource, gap.reason, gap.hides, gap.permission) for gap in api.gaps] == [
        (key, Reason.DENIED, (FactKind.IDENTITIES,), "kms:GetKeyPolicy")
    ]


@pytest.mark.parametrize("text", ["{", " " * 10_000_000])
def test_a_key_policy_that_is_not_understood_is_a_gap(inner_account: Account, text: str) -> None:
    key = inner_account.key()
    inner_account.backend("kms").keys[key.rpartition("/")[2]].policy = text
    api = api_of(inner_account)
    assert with_policies(api, key_of(key)) == WHOLE
    assert [(gap.resource, gap.reason, gap.hides) for gap in api.gaps] == [(key, Reason.FAILED, (FactKind.IDENTITIES,))]


@pytest.mark.mistake("grant-left-out")
@pytest.mark.parametrize(
    ("principal", "allowed", "denied"),
    [
        ("*", True, True),
        ("AWS:*", True, True),
        (f"AWS:{ROLE}", True, True),
        (f"AWS:arn:aws:sts::{ACCOUNT}:assumed-role/masters.prod/i-0abc", True, True),
        (f"AWS:arn:aws:sts::{ACCOUNT}:assumed-role/nodes.prod/i-0abc", False, False),
        (f"AWS:{OTHER}", False, False),
        (ROOT, False, True),
        (f"AWS:{ACCOUNT}", False, True),
        ("AWS:arn:aws:iam::210987654321:root", False, False),
        ("Service:ec2.amazonaws.com", False, False),
    ],
)
def test_a_statement_names_the_role_by_principal(principal: str, allowed: bool, denied: bool) -> None:  # noqa: FBT001 - what is expected
    assert names(Statement("#1", Effect.ALLOW, principals=(principal,)), ROLE) is allowed
    assert names(Statement("#1", Effect.DENY, principals=(principal,)), ROLE) is denied


@pytest.mark.mistake("grant-left-out")
def test_a_denial_applies_to_roles_that_it_does_not_except() -> None:
    assert not names(Statement("#1", Effect.DENY, not_principals=(ROOT, f"AWS:{ROLE}")), ROLE)
    assert names(Statement("#1", Effect.DENY, not_principals=(ROOT, f"AWS:{OTHER}")), ROLE)
