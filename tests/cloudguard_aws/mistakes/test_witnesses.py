"""The witness, the message and the blamed rules of findings: all of them are part of the excess."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from aws_altered import Altered, Change, Json, altered, answers, opens, rule
from aws_neighbour import Built, build
from cloudguard.needs.declarations import Declarations
from cloudguard.results.finding import Finding
from moto_fixtures.aws.builder import WORLD, Host
from moto_fixtures.aws.scenes import clean

pytestmark = pytest.mark.mistake("wrong-witness")
API, NODE, ETCD = "api-server-access", "node-access", "etcd-access"
INSTANCES, RULES, TABLES = "ec2:DescribeInstances", "ec2:DescribeSecurityGroupRules", "ec2:DescribeRouteTables"
ACLS, NICS = "ec2:DescribeNetworkAcls", "ec2:DescribeNetworkInterfaces"
LIST, OFFICE = "pl-0123456789abcdef0", "198.51.100.0/24"


@pytest.fixture(scope="module")
def account() -> Iterator[Altered]:
    with altered(build) as made:
        yield made


Changes = dict[str, Change | Exception]


def public(host: Host, subnet: str, six: str = "") -> Change:
    """Return a change that puts a host into a public subnet, with public addresses."""

    def change(given: list[Json], _parameters: Mapping[str, Any]) -> list[Json]:
        for item in given:
            if item.get("InstanceId") == host.id:
                nic = item["NetworkInterfaces"][0]
                nic["Association"] = {"PublicIp": "203.0.113.9"}
                nic["SubnetId"] = item["SubnetId"] = subnet
                nic["Ipv6Addresses"] = [{"Ipv6Address": six}] if six else []
                item["PublicIpAddress"] = "203.0.113.9"
        return given

    return change


def open_worker(built: Built, *rules: tuple[str, str], six: str = "") -> Changes:
    """Return changes after which the worker has a public address, and its group these rules."""
    cluster = built.cluster
    return {
        INSTANCES: public(cluster.worker, cluster.public.id, six),
        RULES: opens(cluster.nodes.id, *rules),
    }


def denies(*entries: tuple[str, str]) -> Change:
    """Return a change of network ACLs: first entries that deny a protocol's ports ("tcp/22", "-1") from a CIDR."""
    listed = list[Json]()
    for number, (services, cidr) in enumerate(entries, 1):
        made = rule("sg-0", services, cidr)
        ports = {"PortRange": {"From": made["FromPort"], "To": made["ToPort"]}} if services != "-1" else {}
        entry = {"RuleNumber": number, "RuleAction": "deny", "CidrBlock": cidr, "Egress": False}
        listed.append(entry | {"Protocol": "6" if ports else "-1"} | ports)
    return lambda given, _parameters: [item | {"Entries": [*item["Entries"], *listed]} for item in given]


def routed(built: Built, **route: str) -> Change:
    """Return a change that adds a route to the private subnet."""

    def change(given: list[Json], _parameters: Mapping[str, Any]) -> list[Json]:
        for item in given:
            if item["RouteTableId"] == built.cluster.private.table:
                item["Routes"] = [*item["Routes"], {"State": "active", **route}]
        return given

    return change


def six_entries(given: list[Json], _parameters: Mapping[str, Any]) -> list[Json]:
    """Add the entries that a default network ACL has in a VPC with a range of IPv6."""
    every = {"RuleNumber": 101, "RuleAction": "allow", "Ipv6CidrBlock": "::/0", "Protocol": "-1"}
    return [
        item | {"Entries": [*item["Entries"], *({**every, "Egress": out} for out in (True, False))]} for item in given
    ]


def six_route(built: Built) -> Change:
    def change(given: list[Json], _parameters: Mapping[str, Any]) -> list[Json]:
        for item in given:
            if item["RouteTableId"] == built.cluster.public.table:
                way = next(route for route in item["Routes"] if route.get("GatewayId", "").startswith("igw-"))
                six = {"DestinationIpv6CidrBlock": "::/0", "GatewayId": way["GatewayId"], "State": "active"}
                item["Routes"] = [*item["Routes"], six]
        return given

    return change


@dataclass(frozen=True)
class Case:
    """What the findings of a row must show. ``rules``: the number of the blamed rule among those added to a group."""

    changes: Callable[[Built], Changes]
    row: str
    source: str
    target: Callable[[Built], Host]
    services: tuple[str, ...]
    check: str = "internet"
    rules: tuple[int, ...] = (0,)
    never: tuple[str, ...] = ()
    policy: Declarations = field(default_factory=lambda: clean.DECLARED.policy)


def worker(built: Built) -> Host:
    return built.cluster.worker


def master(built: Built) -> Host:
    return built.cluster.control_plane


def masters(built: Built, *rules: tuple[str, str]) -> Changes:
    return {RULES: opens(built.cluster.masters.id, *rules)}


def open_master(built: Built, *rules: tuple[str, str]) -> Changes:
    return {INSTANCES: public(built.cluster.control_plane, built.cluster.public.id), **masters(built, *rules)}


CASES: dict[str, Case] = {
    "a network ACL denies half of the addresses": Case(
        lambda b: open_worker(b, ("tcp/22", WORLD)) | {ACLS: denies(("-1", "0.0.0.0/1"))},
        NODE,
        "128.0.0.0/1",
        worker,
        ("tcp 22",),
    ),
    "a network ACL denies the other half": Case(
        lambda b: open_worker(b, ("tcp/22", WORLD)) | {ACLS: denies(("-1", "128.0.0.0/1"))},
        NODE,
        "0.0.0.0/1",
        worker,
        ("tcp 22",),
    ),
    "a network ACL denies one of two ports": Case(
        lambda b: open_worker(b, ("tcp/22", WORLD), ("tcp/8080", WORLD)) | {ACLS: denies(("tcp/22", WORLD))},
        NODE,
        WORLD,
        worker,
        ("tcp 8080",),
        rules=(1,),
        never=("tcp/22",),
    ),
    "a network ACL denies all but one address": Case(
        lambda b: open_worker(b, ("tcp/22", "8.8.8.0/30")) | {ACLS: denies(("-1", "8.8.8.0/31"), ("-1", "8.8.8.2/32"))},
        NODE,
        "8.8.8.3/32",
        worker,
        ("tcp 22",),
    ),
    "NodePorts beside another port": Case(
        lambda b: open_worker(b, ("tcp/29999-31000", WORLD)), NODE, WORLD, worker, ("tcp 29999",), never=("31000",)
    ),
    "a rule for an office beside one for everyone": Case(
        lambda b: open_worker(b, ("tcp/443", "10.0.0.0/16"), ("tcp/22", WORLD)),
        NODE,
        WORLD,
        worker,
        ("tcp 22",),
        rules=(1,),
    ),
    "an address of version 6": Case(
        lambda b: open_worker(b, ("tcp/22", "::/0"), six="2600:1f00::5") | {TABLES: six_route(b), ACLS: six_entries},
        NODE,
        "2000::/3",
        worker,
        ("tcp 22",),
    ),
    "administrators, who are let in by the same rule": Case(
        lambda b: open_master(b, ("tcp/6443", "198.51.100.0/23")), API, "198.51.101.0/24", master, ("tcp 6443",)
    ),
    "administrators in a prefix list": Case(
        lambda b: (
            open_master(b, ("tcp/6443", LIST))
            | {
                "ec2:GetManagedPrefixListEntries": answers({"Cidr": OFFICE}, {"Cidr": "192.0.2.0/24"}),
                "ec2:DescribeManagedPrefixLists": answers({"PrefixListId": LIST, "PrefixListName": "offices"}),
            }
        ),
        API,
        "192.0.2.0/24",
        master,
        ("tcp 6443",),
    ),
    "a wide range of ports with etcd's": Case(
        lambda b: masters(b, ("tcp/2000-3000", b.cluster.nodes.id)),
        ETCD,
        "10.0.0.0/16",
        master,
        ("tcp 2379", "tcp 2380"),
        check="inside",
        never=("2000", "3000"),
    ),
    "a member of another group": Case(
        lambda b: masters(b, ("tcp/2379", b.jenkins.id)), ETCD, "10.0.0.0/16", master, ("tcp 2379",), check="inside"
    ),
    "a network that only one route reaches": Case(
        lambda b: (
            masters(b, ("tcp/2379", "172.16.0.0/12"))
            | {TABLES: routed(b, DestinationCidrBlock="172.20.0.0/16", TransitGatewayId="tgw-1")}
        ),
        ETCD,
        "172.20.0.0/16",
        master,
        ("tcp 2379",),
        check="inside",
    ),
    "every protocol from a network": Case(
        lambda b: (
            masters(b, ("-1", "172.20.0.0/16"))
            | {TABLES: routed(b, DestinationCidrBlock="172.20.0.0/16", TransitGatewayId="tgw-1")}
        ),
        ETCD,
        "172.20.0.0/16",
        master,
        ("tcp 2379", "tcp 2380"),
        check="inside",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_witness_and_the_blamed_rules_are_of_the_excess(account: Altered, name: str) -> None:
    case, built = CASES[name], account.made
    row = account.report(case.changes(built), case.policy).row(case.row)
    findings = [each for each in row.findings if each.check == f"{case.row}/{case.check}" and each.counts]
    assert findings, (row.why, row.unknown, [(each.check, each.message) for each in row.findings])
    for finding in findings:
        assert_shown(finding, case, built)


def assert_shown(finding: Finding, case: Case, built: Built) -> None:
    witness, blamed = finding.witness, {fact.rule for fact in finding.evidence if fact.rule}
    assert ip_address(witness.source) in ip_network(case.source), witness
    assert case.target(built).id in witness.target, witness
    assert witness.service in case.services, witness
    added = {
        f"sgr-{group.id[3:]}{number}" for group in (built.cluster.nodes, built.cluster.masters) for number in case.rules
    }
    assert blamed, finding.evidence
    assert blamed <= added, blamed
    assert {hop.rule for hop in witness.path if hop.attributed} <= blamed | {""}
    texts = (finding.message, witness.summary)
    assert not [word for word in case.never for text in texts if word in text], texts


def test_the_member_that_is_the_witness_is_in_the_group(account: Altered) -> None:
    built: Built = account.made
    row = account.report(masters(built, ("tcp/2379", built.jenkins.id)), clean.DECLARED.policy).row(ETCD)
    (finding,) = [each for each in row.findings if each.counts]
    assert finding.witness.source == built.other.address
