"""Declarations that allow everything are shown; one for an outsider covers no more than one owner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from aws_altered import Altered, Change, Json, altered, opens, together
from cloudguard.needs.declarations import (
    Declarations,
    DeclaredNeed,
    DeclaredOutsider,
    DeclaredPermission,
    DeclaredService,
)
from cloudguard.results.report import Verdict
from moto_fixtures.aws.builder import WORLD, WORLD6, Account, Group
from moto_fixtures.aws.scenes import clean

API, NODE, ETCD, IDENTITY = "api-server-access", "node-access", "etcd-access", "cloud-api-access"
INSTANCES, RULES, ROLES = "ec2:DescribeInstances", "ec2:DescribeSecurityGroupRules", "iam:GetRole"
WHY, HALVES = "the auditors know", ("0.0.0.0/1", "128.0.0.0/1")


@dataclass(frozen=True)
class Built:
    """The cluster, and a group of another instance."""

    cluster: clean.Cluster
    jenkins: Group


def build(a: Account) -> Built:
    cluster = clean.build(a)
    jenkins = a.group(cluster.vpc, "jenkins")
    a.host("jenkins", cluster.private, [jenkins])
    return Built(cluster, jenkins)


@pytest.fixture(scope="module")
def account() -> Iterator[Altered]:
    with altered(build) as made:
        yield made


def public(host: str, subnet: str) -> Change:
    """Return a change that puts a host into a public subnet, with a public address."""

    def change(given: list[Json], _parameters: Mapping[str, Any]) -> list[Json]:
        for item in given:
            if item.get("InstanceId") == host:
                nic = item["NetworkInterfaces"][0]
                nic["Association"] = {"PublicIp": "203.0.113.9"}
                nic["SubnetId"] = item["SubnetId"] = subnet
                item["PublicIpAddress"] = "203.0.113.9"
        return given

    return change


def services(*texts: str) -> Declarations:
    return Declarations(services=tuple(DeclaredService(text, reason=WHY) for text in texts))


def need(peer: str, role: str, text: str) -> Declarations:
    return Declarations(needs=(DeclaredNeed(peer, role, text, WHY),))


def grants(*actions: str) -> Declarations:
    return Declarations(permissions=(DeclaredPermission("node", actions, ("*",), WHY),))


CASES: dict[str, tuple[str, Declarations]] = {
    **{
        f"administrators at {', '.join(cidrs)}": (API, Declarations(admin_cidrs=cidrs, admin_reason=WHY))
        for cidrs in ((WORLD,), HALVES, (WORLD6,), ("0.0.0.0/2", "64.0.0.0/2"), ("3.0.0.0/8", "52.0.0.0/7"))
    },
    "a service on every TCP port": (NODE, services("tcp")),
    "a service on every port but one": (NODE, services("tcp/1-65535")),
    "two services on every port together": (NODE, services("tcp/0-29999", "tcp/30000-65535")),
    "a service of every protocol": (NODE, services("all")),
    "a need of everyone to one port": (NODE, need(WORLD, "node", "tcp/22")),
    "a need of everyone by IPv6": (NODE, need(WORLD6, "node", "tcp/22")),
    "a need of a network on every port": (NODE, need("10.0.0.0/8", "node", "tcp")),
    "a need of everyone to etcd": (ETCD, need(WORLD, "etcd", "tcp/2379")),
    "a need of every action": (IDENTITY, grants("*")),
    "a need of every action of every service": (IDENTITY, grants("s3:GetObject", "*:*")),
    "a need of every action by another wildcard": (IDENTITY, grants("?*")),
}


@pytest.mark.mistake("declared-too-wide")
@pytest.mark.parametrize("name", CASES)
def test_a_declaration_that_allows_everything_is_shown(account: Altered, name: str) -> None:
    """The worker is open to the internet on SSH, and the control-plane host on the ports of the API and of etcd."""
    row_name, declared = CASES[name]
    built: Built = account.made
    cluster = built.cluster
    hosts = (cluster.worker, cluster.control_plane)
    changes: dict[str, Change | Exception] = {
        INSTANCES: together(*(public(host.id, cluster.public.id) for host in hosts)),
        RULES: together(
            opens(cluster.nodes.id, ("tcp/22", WORLD)),
            opens(cluster.masters.id, ("tcp/6443", WORLD), ("tcp/2379", WORLD)),
        ),
    }
    row = account.report(changes, declared).row(row_name)
    shown = [finding for finding in row.findings if finding.check == f"{row_name}/declared"]
    assert [finding.resource.kind for finding in shown] == ["declaration"]
    assert WHY in shown[0].message
    assert row.verdict is not Verdict.PASS or row.why.startswith("passes because of a declaration")


def test_a_need_of_a_group_on_every_port_is_shown(account: Altered) -> None:
    built: Built = account.made
    name = built.jenkins.id
    row = account.report({RULES: opens(built.cluster.nodes.id, ("-1", name))}, need(name, "node", "tcp")).row(NODE)
    assert "node-access/declared" in {finding.check for finding in row.findings}


EVERYONE = (
    "arn:aws:iam::*:root",
    "arn:aws:iam::*:role/*",
    "arn:aws:sts::*:assumed-role/*/*",
    "*",
    "AWS:*",
    WORLD,
    "::/0",
)


def trusting(account: str) -> Change:
    """Return a change after which the cluster's roles trust ``account`` ("*": everyone)."""
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return lambda given, _parameters: [item | {"AssumeRolePolicyDocument": document} for item in given]


def with_outsider(principal: str) -> Declarations:
    return replace(clean.DECLARED.policy, outsiders=(DeclaredOutsider(principal, WHY),))


@pytest.mark.mistake("declared-too-wide")
@pytest.mark.parametrize("principal", EVERYONE)
@pytest.mark.parametrize("trusted", ["*", "210987654321"])
def test_a_declared_outsider_is_one_owner(account: Altered, principal: str, trusted: str) -> None:
    """A role trusts everyone, or one other account. A declaration for all accounts or addresses excuses neither."""
    row = account.report({ROLES: trusting(trusted)}, with_outsider(principal)).row(IDENTITY)
    assert row.verdict is Verdict.FAIL, row.why
    assert "cloud-api-access/trust" in {finding.check for finding in row.findings}


def test_a_declared_account_is_no_outsider(account: Altered) -> None:
    row = account.report({ROLES: trusting("210987654321")}, with_outsider("210987654321")).row(IDENTITY)
    assert row.verdict is Verdict.PASS
