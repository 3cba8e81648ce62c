"""Policy documents as statements, and roles with all their policies."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from aws_hosts import api_of, hosts_of
from cloudguard.model.identity import Condition, Effect, PolicyKind, Statement
from cloudguard.model.source import FactKind, Reason
from cloudguard_aws.identity.policy_documents import DocumentError, statements, text_of
from cloudguard_aws.identity.roles import read_identities, resolve_profiles
from moto_fixtures.aws.builder import ACCOUNT, Account, statement

NOTHING: list[str] = []
ALLOW = {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}


def document(*items: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(items)})


def test_a_single_value_equals_a_list_of_one() -> None:
    alone = statements(json.dumps({"Statement": ALLOW}))
    listed = statements(document(ALLOW | {"Action": ["ec2:DescribeInstances"], "Resource": ["*"]}))
    assert alone == listed
    assert alone == (Statement("#1", Effect.ALLOW, actions=("ec2:DescribeInstances",), resources=("*",)),)


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize("version", [None, "2008-10-17"])
def test_a_document_of_the_older_version_has_no_variables(version: str | None) -> None:
    item = ALLOW | {
        "Resource": "arn:aws:s3:::${aws:username}-*/${*}",
        "Condition": {"StringLike": {"s3:prefix": "${aws:username}/*"}},
    }
    written = {"Version": version} if version else {}
    (found,) = statements(json.dumps(written | {"Statement": item}))
    assert found.resources == ("arn:aws:s3:::${$}{aws:username}-*/${$}{*}",)
    assert found.conditions[0].values == ("${$}{aws:username}/*",)
    (newer,) = statements(document(item))
    assert newer.resources == ("arn:aws:s3:::${aws:username}-*/${*}",)


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize("version", ["2012-10-18", "", 2012, [], "2012-10-17 "])
def test_a_document_of_an_unknown_version_is_refused(version: object) -> None:
    with pytest.raises(DocumentError, match="version"):
        statements(json.dumps({"Version": version, "Statement": ALLOW}))


def test_every_element_is_kept() -> None:
    found = statements(
        document(
            ALLOW | {"Sid": "Read"},
            {
                "Effect": "Deny",
                "NotAction": ["iam:*", "sts:*"],
                "NotResource": "arn:aws:s3:::logs/*",
                "Condition": {
                    "Bool": {"aws:SecureTransport": False},
                    "NumericLessThan": {"aws:MultiFactorAuthAge": 3600},
                    "StringEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-west-2"]},
                },
            },
        )
    )
    assert found[0].name == "Read"
    assert found[1] == Statement(
        "#2",
        Effect.DENY,
        not_actions=("iam:*", "sts:*"),
        not_resources=("arn:aws:s3:::logs/*",),
        conditions=(
            Condition("Bool", "aws:SecureTransport", ("false",)),
            Condition("NumericLessThan", "aws:MultiFactorAuthAge", ("3600",)),
            Condition("StringEquals", "aws:RequestedRegion", ("eu-west-1", "eu-west-2")),
        ),
    )


@pytest.mark.parametrize(
    ("principal", "names"),
    [
        ("*", ("*",)),
        ({"AWS": "*"}, ("AWS:*",)),
        ({"Service": "ec2.amazonaws.com"}, ("Service:ec2.amazonaws.com",)),
        (
            {"AWS": ["arn:aws:iam::1:root", "2"], "Federated": "arn:aws:iam::1:oidc-provider/o"},
            ("AWS:arn:aws:iam::1:root", "AWS:2", "Federated:arn:aws:iam::1:oidc-provider/o"),
        ),
    ],
)
def test_a_trust_policy_has_principals_of_each_form_and_no_resource(principal: object, names: tuple[str, ...]) -> None:
    (found,) = statements(document({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}), trust=True)
    assert found.principals == names
    assert found.resources == ("*",)


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '"text"',
        "{}",
        document("text"),
        document(ALLOW | {"Effect": "Perhaps"}),
        document({"Effect": "Allow", "Resource": "*"}),
        document({"Effect": "Allow", "Action": "*"}),
        document(ALLOW | {"NotAction": "iam:*"}),
        document(ALLOW | {"Action": NOTHING}),
        document(ALLOW | {"Action": {"a": 1}}),
        document(ALLOW | {"Action": [None]}),
        document(ALLOW | {"Condition": "text"}),
        document(ALLOW | {"Condition": {"StringEquals": "text"}}),
        document(ALLOW | {"Principal": ["text"]}),
        "[" * 100_000,
        '{"Statement":' * 100_000,
        document(*[ALLOW] * 100_000),
    ],
)
def test_a_document_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(DocumentError):
        statements(text)


def test_the_text_of_a_document_is_its_json_in_each_encoding() -> None:
    assert json.loads(text_of({"Statement": ALLOW})) == {"Statement": ALLOW}
    assert text_of("%7B%22Statement%22%3A%5B%5D%7D") == '{"Statement":[]}'
    assert text_of('{"Statement": "100%25"}') == '{"Statement": "100%25"}'


def managed_policy(a: Account, name: str, *items: object) -> str:
    """Make a customer-managed policy whose default version is its second."""
    made = a.call("iam", "create_policy", PolicyName=name, PolicyDocument=document(statement("s3:GetObject")))
    arn = str(made["Policy"]["Arn"])
    a.call("iam", "create_policy_version", PolicyArn=arn, PolicyDocument=document(*items), SetAsDefault=True)
    return arn


def test_a_role_is_read_with_all_its_policies(inner_account: Account) -> None:
    a = inner_account
    shared = managed_policy(a, "shared", statement("iam:*"))
    fence = managed_policy(a, "fence", statement("ec2:*"))
    role = a.role("masters", statement("ec2:RunInstances"))
    a.call("iam", "put_role_permissions_boundary", RoleName="masters", PermissionsBoundary=fence)
    nodes = a.role("nodes")
    for name in ("masters", "nodes"):
        a.call("iam", "attach_role_policy", RoleName=name, PolicyArn=shared)
    vpc = a.vpc()
    subnet, group = a.subnet(vpc), a.group(vpc, "nodes")
    host = a.host("node", subnet, [group], role=nodes)
    asked: list[str] = []
    api = api_of(a, asked)
    identities = read_identities(api, hosts=hosts_of(a, host.id), pools=(), extra=((role.arn, ("cluster",)),))
    assert api.gaps == ()
    assert [(identity.id, identity.roles, identity.complete) for identity in identities.identities] == [
        (role.arn, ("cluster",), True),
        (nodes.arn, ("node",), True),
    ]
    kinds = {
        policy.id: (policy.kind, policy.managed_by, policy.statements[0].actions) for policy in identities.policies
    }
    assert kinds == {
        shared: (PolicyKind.GRANT, "user", ("iam:*",)),
        f"{fence}#boundary": (PolicyKind.BOUNDARY, "user", ("ec2:*",)),
        f"{role.arn}#inline/masters": (PolicyKind.GRANT, "inline", ("ec2:RunInstances",)),
        f"{role.arn}#trust": (PolicyKind.TRUST, "inline", ("sts:AssumeRole",)),
        f"{nodes.arn}#trust": (PolicyKind.TRUST, "inline", ("sts:AssumeRole",)),
    }
    assert set(identities.identities[0].policies) == set(kinds) - {f"{nodes.arn}#trust"}
    assert asked.count("iam:GetPolicyVersion") == 2


def test_an_empty_or_missing_instance_profile_is_incomplete(inner_account: Account) -> None:
    a = inner_account
    empty = f"arn:aws:iam::{ACCOUNT}:instance-profile/empty"
    gone = f"arn:aws:iam::{ACCOUNT}:instance-profile/gone"
    a.call("iam", "create_instance_profile", InstanceProfileName="empty")
    vpc = a.vpc()
    machine = a.host("node", a.subnet(vpc), [a.group(vpc, "nodes")])
    (host,) = hosts_of(a, machine.id)
    api = api_of(a)
    hosts = (replace(host, identity=empty), replace(host, id="i-2", identity=gone))
    identities = read_identities(api, hosts=hosts, pools=())
    assert [(identity.id, identity.complete, identity.policies) for identity in identities.identities] == [
        (empty, False, ()),
        (gone, False, ()),
    ]
    assert [(gap.call, gap.resource, gap.reason, gap.hides) for gap in api.gaps] == [
        ("iam:GetInstanceProfile", empty, Reason.MISSING, (FactKind.IDENTITIES,)),
        ("iam:GetInstanceProfile", gone, Reason.MISSING, (FactKind.IDENTITIES,)),
    ]
    assert resolve_profiles(api, ["", empty]) == {}
