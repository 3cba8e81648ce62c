"""Limits of an account by its organization: service control policies of each level, and unreadable ones."""

from __future__ import annotations

import json

import pytest

from aws_hosts import api_of
from cloudguard.model.identity import Identities, PolicyKind
from cloudguard.model.source import Reason
from cloudguard_aws.access.api import Api
from cloudguard_aws.identity.service_control_policies import read_limits
from moto_fixtures.aws.builder import ACCOUNT, Account
from refused_calls import Guard, Reusing

MANAGEMENT = "210987654321"
DESCRIBE, LIST, PARENTS, POLICY, ACCOUNTS = (
    ("organizations", name)
    for name in ("DescribeOrganization", "ListPoliciesForTarget", "ListParents", "DescribePolicy", "ListAccounts")
)


def organize(a: Account) -> tuple[str, str, str]:
    """Put the account in a unit of an organization that another account manages. Return root, unit and policy."""
    a.call("organizations", "create_organization", FeatureSet="ALL")
    root = str(a.call("organizations", "list_roots")["Roots"][0]["Id"])
    unit = str(
        a.call("organizations", "create_organizational_unit", ParentId=root, Name="workloads")["OrganizationalUnit"][
            "Id"
        ]
    )
    a.call("organizations", "move_account", AccountId=ACCOUNT, SourceParentId=root, DestinationParentId=unit)
    content = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}}
    made = a.call(
        "organizations",
        "create_policy",
        Content=json.dumps(content),
        Name="no-iam",
        Description="",
        Type="SERVICE_CONTROL_POLICY",
    )
    policy = str(made["Policy"]["PolicySummary"]["Id"])
    a.call("organizations", "attach_policy", PolicyId=policy, TargetId=unit)
    a.global_backend("organizations").org.master_account_id = MANAGEMENT
    return root, unit, policy


def test_without_an_organization_nothing_limits(inner_account: Account) -> None:
    asked: list[str] = []
    api = api_of(inner_account, asked)
    assert read_limits(api, ACCOUNT) == Identities(organization="")
    assert api.gaps == ()
    assert asked == ["organizations:DescribeOrganization"]


def test_the_management_account_has_no_limits(inner_account: Account) -> None:
    made = inner_account.call("organizations", "create_organization", FeatureSet="ALL")["Organization"]
    api = api_of(inner_account)
    assert read_limits(api, ACCOUNT) == Identities(organization=made["Id"], organization_accounts=(ACCOUNT,))
    assert api.gaps == ()


def test_the_organization_s_accounts_are_listed_if_permitted(inner_account: Account) -> None:
    inner_account.call("organizations", "create_organization", FeatureSet="ALL")
    inner_account.call("organizations", "create_account", AccountName="sister", Email="sister@example.com")
    assert len(read_limits(api_of(inner_account), ACCOUNT).organization_accounts) == 2
    api = guarded(ACCOUNTS)
    assert read_limits(api, ACCOUNT).organization_accounts == (ACCOUNT,)
    assert [(gap.call, gap.hides) for gap in api.gaps] == [("organizations:ListAccounts", ())]


def test_every_level_is_read_from_the_root_and_each_policy_once(inner_account: Account) -> None:
    _, _, policy = organize(inner_account)
    asked: list[str] = []
    api = api_of(inner_account, asked)
    limits = read_limits(api, ACCOUNT)
    everything = "p-FullAWSAccess"
    assert limits.organization_limits == ((everything,), tuple(sorted((everything, policy))), (everything,))
    assert {policy.id: (policy.name, policy.kind, policy.statements[0].actions) for policy in limits.policies} == {
        everything: ("FullAWSAccess", PolicyKind.ORGANIZATION_LIMIT, ("*",)),
        policy: ("no-iam", PolicyKind.ORGANIZATION_LIMIT, ("iam:*",)),
    }
    assert limits.unread_limits == ""
    assert ((limits.organization or "")[:2], limits.organization_accounts) == ("o-", (MANAGEMENT, ACCOUNT))
    assert api.gaps == ()
    assert {name: asked.count(name) for name in sorted(set(asked))} == {
        "organizations:DescribeOrganization": 1,
        "organizations:DescribePolicy": 2,
        "organizations:ListAccounts": 1,
        "organizations:ListParents": 2,
        "organizations:ListPoliciesForTarget": 3,
    }


@pytest.mark.parametrize("call", [DESCRIBE, LIST, PARENTS])
def test_refused_limits_hide_no_row_and_are_named(inner_account: Account, call: tuple[str, str]) -> None:
    organize(inner_account)
    api = guarded(call)
    limits = read_limits(api, ACCOUNT)
    assert limits.unread_limits == f"organizations:{call[1]} was refused (grant organizations:{call[1]})"
    assert {(gap.call, gap.reason, gap.hides, gap.permission) for gap in api.gaps} == {
        (f"organizations:{call[1]}", Reason.DENIED, (), f"organizations:{call[1]}")
    }
    assert (limits.organization is None) == (call == DESCRIBE)
    assert len(limits.organization_limits) == (1 if call == PARENTS else 0), "what was listed before still limits"


def test_a_refused_policy_is_kept_as_its_id(inner_account: Account) -> None:
    _, _, policy = organize(inner_account)
    api = guarded(POLICY)
    limits = read_limits(api, ACCOUNT)
    assert any(policy in level for level in limits.organization_limits)
    assert limits.policies == ()
    assert limits.unread_limits == ""
    assert {gap.permission for gap in api.gaps} == {"organizations:DescribePolicy"}


def test_a_policy_that_is_not_understood_is_kept_as_its_id(inner_account: Account) -> None:
    _, _, policy = organize(inner_account)
    for one in inner_account.global_backend("organizations").policies:
        one.content = "{" if one.id == policy else one.content
    api = api_of(inner_account)
    limits = read_limits(api, ACCOUNT)
    assert [policy.id for policy in limits.policies] == ["p-FullAWSAccess"]
    assert [(gap.call, gap.resource, gap.reason, gap.hides) for gap in api.gaps] == [
        ("organizations:DescribePolicy", policy, Reason.FAILED, ())
    ]


def guarded(call: tuple[str, str]) -> Api:
    """Return a reader whose ``call`` is refused."""
    session = Reusing()
    Guard(session).denied = call
    return Api(session, "eu-west-1")
