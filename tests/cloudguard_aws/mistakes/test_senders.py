"""Senders that a rule admits: they count only if they can send, and if the answers find a way back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest

from aws_altered import Altered, Change, Json, altered, answers, opens, with_fields
from aws_neighbour import Built, build
from cloudguard.results.report import RowResult, Verdict
from moto_fixtures.aws.scenes import clean

pytestmark = pytest.mark.mistake("sender-without-route")
ETCD, OFFICE = "etcd-access", "172.16.0.0/16"
FAIL, PASS, UNKNOWN = Verdict.FAIL, Verdict.PASS, Verdict.UNKNOWN
RULES, TABLES, ACLS = "ec2:DescribeSecurityGroupRules", "ec2:DescribeRouteTables", "ec2:DescribeNetworkAcls"
NICS, GROUPS = "ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups"
PEERINGS, PREFIXES = "ec2:DescribeVpcPeeringConnections", "ec2:GetManagedPrefixListEntries"


@pytest.fixture(scope="module")
def account() -> Iterator[Altered]:
    with altered(build) as made:
        yield made


def routed(table: str, *routes: Json) -> Change:
    """Return a change that adds routes to a route table. A route without a state is active."""

    def change(given: list[Json], _parameters: Mapping[str, Any]) -> list[Json]:
        for item in given:
            if item["RouteTableId"] == table:
                item["Routes"] = [*item["Routes"], *({"State": "active", "Origin": "CreateRoute"} | r for r in routes)]
        return given

    return change


def to(target: str, destination: str = OFFICE, state: str = "active") -> Json:
    """Return a route to a target (id)."""
    fields = {
        "pcx": "VpcPeeringConnectionId",
        "tgw": "TransitGatewayId",
        "lgw": "LocalGatewayId",
        "eni": "NetworkInterfaceId",
        "cagw": "CarrierGatewayId",
        "arn": "CoreNetworkArn",
        "eigw": "EgressOnlyInternetGatewayId",
    }
    field = fields.get(target.partition("-")[0].partition(":")[0], "GatewayId")
    where = {"DestinationPrefixListId" if destination.startswith("pl-") else "DestinationCidrBlock": destination}
    return {field: target, "State": state, **where}


def peering(vpc: str, cidr: str) -> Json:
    """Return a peering of a VPC with another VPC, which has the range ``cidr``."""
    own = {"VpcId": vpc, "CidrBlock": "10.0.0.0/16", "CidrBlockSet": [{"CidrBlock": "10.0.0.0/16"}]}
    other = {"VpcId": "vpc-9", "CidrBlock": cidr, "CidrBlockSet": [{"CidrBlock": cidr}]}
    listed = {"VpcPeeringConnectionId": "pcx-1", "Status": {"Code": "active"}}
    return listed | {"RequesterVpcInfo": own, "AccepterVpcInfo": other}


@dataclass(frozen=True)
class Case:
    """A rule for etcd's port from ``peer``; routes of etcd's subnet; and the verdict.

    ``peered``: the range of the VPC that is peered with the cluster's. ``more``: further changes.
    """

    verdict: Verdict
    routes: Sequence[Json] = ()
    peer: str = OFFICE
    peered: str = ""
    more: Mapping[str, Change] | None = None


CASES: dict[str, Case] = {
    "no route": Case(PASS),
    "a transit gateway": Case(FAIL, [to("tgw-1")]),
    "a transit gateway without an attachment left": Case(PASS, [to("tgw-1", state="blackhole")]),
    "a transit gateway for all other networks": Case(FAIL, [to("tgw-1", "172.0.0.0/8")]),
    "a transit gateway for another network": Case(PASS, [to("tgw-1", "172.17.0.0/16")]),
    "a transit gateway for a part of the network": Case(FAIL, [to("tgw-1", "172.16.9.0/24")]),
    "a virtual private gateway": Case(FAIL, [to("vgw-1")]),
    "a local gateway of an Outpost": Case(FAIL, [to("lgw-1")]),
    "a core network": Case(FAIL, [to("arn:aws:networkmanager::123456789012:core-network/core-network-1")]),
    "a peering": Case(FAIL, [to("pcx-1")], peered=OFFICE),
    "a peering that is gone": Case(PASS, [to("pcx-1", state="blackhole")], more={PEERINGS: answers()}),
    "a peering with another network": Case(PASS, [to("pcx-1")], peered="172.17.0.0/16"),
    "a NAT gateway": Case(PASS, [to("nat-0123456789abcdef0")]),
    "an egress-only gateway": Case(
        PASS, [{"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}], peer="2001:db8:9::/48"
    ),
    "a prefix list that has the network": Case(
        FAIL,
        [to("tgw-1", "pl-0123456789abcdef0")],
        more={
            PREFIXES: answers({"Cidr": OFFICE}),
            "ec2:DescribeManagedPrefixLists": answers(
                {"PrefixListId": "pl-0123456789abcdef0", "PrefixListName": "offices"}
            ),
        },
    ),
    "a prefix list that lacks the network": Case(
        PASS,
        [to("tgw-1", "pl-0123456789abcdef0")],
        more={
            PREFIXES: answers({"Cidr": "172.17.0.0/16"}),
            "ec2:DescribeManagedPrefixLists": answers(
                {"PrefixListId": "pl-0123456789abcdef0", "PrefixListName": "offices"}
            ),
        },
    ),
    "a machine that may forward packets": Case(UNKNOWN, [to("eni-0123456789abcdef0")]),
    "an endpoint of a gateway balancer": Case(UNKNOWN, [to("vpce-0123456789abcdef0")]),
    "a gateway of a kind not heard of": Case(UNKNOWN, [{"DestinationCidrBlock": OFFICE, "WormholeId": "wh-1"}]),
    "the internet, by a private subnet": Case(PASS, peer="8.0.0.0/8"),
    "the internet, by a transit gateway for everything": Case(FAIL, [to("tgw-1", "0.0.0.0/1")], peer="8.0.0.0/8"),
}


def judged(account: Altered, case: Case) -> RowResult:
    built: Built = account.made
    changes: dict[str, Change | Exception] = {
        RULES: opens(built.cluster.masters.id, ("tcp/2379", case.peer)),
        TABLES: routed(built.cluster.private.table, *case.routes),
        **({PEERINGS: answers(peering(built.cluster.vpc.id, case.peered))} if case.peered else {}),
        **(case.more or {}),
    }
    return account.report(changes, clean.DECLARED.policy).row(ETCD)


@pytest.mark.parametrize("name", CASES)
def test_a_network_that_a_rule_admits_is_a_sender_if_a_route_leads_there(account: Altered, name: str) -> None:
    case = CASES[name]
    row = judged(account, case)
    counting = [finding.message for finding in row.findings if finding.counts]
    assert row.verdict is case.verdict, (row.why, counting, row.unknown)


SERVICE: Json = {"RequesterManaged": True, "Attachment": {"InstanceOwnerId": "amazon-aws", "Status": "attached"}}
MEMBERS: dict[str, tuple[Verdict, dict[str, Any]]] = {
    "an instance": (FAIL, {}),
    "an instance that is stopped": (FAIL, {"Attachment": {"InstanceId": "i-9", "Status": "attached"}}),
    "a detached interface": (PASS, {"Attachment": None, "Status": "available"}),
    "an interface of a function": (FAIL, SERVICE | {"InterfaceType": "lambda"}),
    "an interface of an endpoint": (
        PASS,
        SERVICE | {"InterfaceType": "vpc_endpoint", "Description": "VPC Endpoint Interface vpce-1"},
    ),
    "an interface of a service not heard of": (UNKNOWN, SERVICE | {"InterfaceType": "teleporter"}),
    "an interface with another group today": (PASS, {"Groups": [{"GroupId": "sg-0123456789abcdef0"}]}),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_a_member_of_a_group_that_a_rule_names_is_a_sender_if_it_may_send(account: Altered, name: str) -> None:
    verdict, fields = MEMBERS[name]
    built: Built = account.made
    changes: dict[str, Change | Exception] = {
        RULES: opens(built.cluster.masters.id, ("tcp/2379", built.jenkins.id)),
        NICS: with_fields("NetworkInterfaceId", built.other.interface, **fields),
    }
    row = account.report(changes, clean.DECLARED.policy).row(ETCD)
    assert row.verdict is verdict, (row.why, row.unknown, [each.message for each in row.findings])


def entry(number: int, action: str, cidr: str, *, out: bool = False, ports: tuple[int, int] | None = None) -> Json:
    protocol = {"Protocol": "6", "PortRange": {"From": ports[0], "To": ports[1]}} if ports else {"Protocol": "-1"}
    return {"RuleNumber": number, "RuleAction": action, "CidrBlock": cidr, "Egress": out, **protocol}


EPHEMERAL = (1024, 65535)
ACL_CASES: dict[str, tuple[Verdict, list[Json]]] = {
    "shut for the network": (PASS, [entry(50, "deny", OFFICE)]),
    "shut for a part of the network": (FAIL, [entry(50, "deny", "172.16.0.0/17")]),
    "shut for the port": (PASS, [entry(50, "deny", OFFICE, ports=(2379, 2379))]),
    "shut for another port": (FAIL, [entry(50, "deny", OFFICE, ports=(22, 22))]),
    "shut for the answers": (PASS, [entry(50, "deny", OFFICE, out=True)]),
    "shut for some of the answers": (FAIL, [entry(50, "deny", OFFICE, out=True, ports=(1024, 32767))]),
    "shut for answers to all ports of clients": (PASS, [entry(50, "deny", OFFICE, out=True, ports=(0, 65535))]),
    "opened before it is shut": (FAIL, [entry(40, "allow", "172.16.4.0/24"), entry(50, "deny", OFFICE)]),
    "shut after it is opened for everyone": (FAIL, [entry(500, "deny", OFFICE)]),
}


@pytest.mark.parametrize("name", ACL_CASES)
def test_a_network_acl_may_stop_a_sender_or_the_answers_to_it(account: Altered, name: str) -> None:
    verdict, entries = ACL_CASES[name]

    def with_entries(given: list[Json], _parameters: Mapping[str, Any]) -> list[Json]:
        return [item | {"Entries": [*item["Entries"], *entries]} for item in given]

    row = judged(account, replace(CASES["a transit gateway"], more={ACLS: with_entries}))
    assert row.verdict is verdict, (row.why, row.unknown)
