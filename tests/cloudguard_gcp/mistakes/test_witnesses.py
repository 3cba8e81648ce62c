"""The witness, the message and the blamed rules of findings: all of them are part of the excess."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from cloudguard.needs.declarations import Declarations
from cloudguard.results.finding import Finding
from gcp_clusters import OFFICE, WORLD, by_account, kops, open_ssh, policy
from gcp_identities import MEMBER, NODES, bound
from gcp_judged import API, ETCD, IDENTITY, MASTERS, NETWORK, NODE, Build, nic, opened, public, report_of
from gcp_judged import NODES as NODE_TAG
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_ways_in import balancer_inside, balancer_published


@dataclass(frozen=True)
class Case:
    """What one finding of a row must show. ``rules``: those that are blamed. ``never``: words that it must not have."""

    build: Build
    row: str
    source: str
    target: str
    services: tuple[str, ...]
    rules: tuple[str, ...]
    check: str = "internet"
    never: tuple[str, ...] = ()
    policy: Declarations = field(default_factory=Declarations)


def denied(project: Project, name: str = "no", ports: str = "22", **rule: Any) -> Project:  # noqa: ANN401 - JSON
    """Return a project with a denial of a higher rank."""
    fields: dict[str, Any] = {"allowed": [], "denied": [{"IPProtocol": "tcp", "ports": [ports]}], "priority": 900}
    project.firewall(project.link(NETWORK), name, **(fields | rule))
    return project


def second_rule() -> Project:
    """Return nodes with one rule for the office, and another for everyone."""
    return opened(open_ssh(), "tcp:22", OFFICE, name="office", priority=800, targetTags=[NODE_TAG])


def one_tagged() -> Project:
    project = open_ssh()
    rule = next(item for item in project.lists["projects/acme-prod/global/firewalls"] if item["name"] == "ssh")
    rule["targetTags"] = ["jump"]
    machine = next(
        item for item in project.lists["projects/acme-prod/zones/europe-west1-b/instances"] if item["name"] == "node-2"
    )
    machine["tags"]["items"].append("jump")
    return project


def over_v6() -> Project:
    project = opened(kops(), "tcp:22", "::/0", targetTags=[NODE_TAG])
    network, hop = project.link(NETWORK), project.link("global/gateways/default-internet-gateway")
    project.add("global", "routes", "six", network=network, destRange="::/0", priority=1000, nextHopGateway=hop)
    address = {"externalIpv6": "2600:1900::5", "externalIpv6PrefixLength": 96, "type": "DIRECT_IPV6"}
    nic(project, "node-1").update(stackType="IPV4_IPV6", ipv6AccessConfigs=[address])
    return project


def by_policy() -> Project:
    """Return nodes that the network's policy opens, and a classic rule that opens nothing more to them."""
    project = public(kops(), "node-1", "34.76.0.5")
    opened(project, "tcp:22", OFFICE, name="office", targetTags=["bastion"])
    project.effective("default", policy("NETWORK", "allow", "net", srcIpRanges=["203.0.113.0/24"]))
    return project


def jenkins(*tags: str) -> Project:
    project = opened(kops(), "tcp:4001", sourceTags=["ci"], targetTags=[MASTERS])
    subnet = project.link("regions/europe-west1/subnetworks/nodes")
    project.instance("jenkins", subnet, "10.0.0.99", tags=["ci", *tags])
    return project


def of_one_address() -> Project:
    """Return nodes with a rule for the address of one of them."""
    project = open_ssh()
    rule = next(item for item in project.lists["projects/acme-prod/global/firewalls"] if item["name"] == "ssh")
    rule["destinationRanges"] = ["10.0.0.12"]
    return project


ACCEPTED = [{"status": "ACCEPTED"}]
ADMINS = Declarations(admin_cidrs=(OFFICE,))
CASES: dict[str, Case] = {
    "a denial of half of the addresses": Case(
        lambda: denied(open_ssh(), sourceRanges=["128.0.0.0/1"]), NODE, "0.0.0.0/1", "node-", ("tcp 22",), ("ssh",)
    ),
    "a denial of the other half": Case(
        lambda: denied(open_ssh(), sourceRanges=["0.0.0.0/1"]), NODE, "128.0.0.0/1", "node-", ("tcp 22",), ("ssh",)
    ),
    "a denial for one of two machines": Case(
        lambda: denied(open_ssh(), sourceRanges=[WORLD], destinationRanges=["10.0.0.11"]),
        NODE,
        WORLD,
        "node-2",
        ("tcp 22",),
        ("ssh",),
    ),
    "a rule for the tag of one machine": Case(one_tagged, NODE, WORLD, "node-2", ("tcp 22",), ("ssh",)),
    "a rule for the address of one machine": Case(of_one_address, NODE, WORLD, "node-2", ("tcp 22",), ("ssh",)),
    "a denial of one of two ports": Case(
        lambda: denied(opened(public(kops(), "node-1"), "tcp:22,8080", WORLD), ports="22", sourceRanges=[WORLD]),
        NODE,
        WORLD,
        "node-1",
        ("tcp 8080",),
        ("opened",),
        never=("22",),
    ),
    "NodePorts beside another port": Case(
        lambda: opened(public(kops(), "node-1"), "tcp:29999-31000", WORLD, targetTags=[NODE_TAG]),
        NODE,
        WORLD,
        "node-1",
        ("tcp 29999",),
        ("opened",),
        never=("31000",),
    ),
    "a rule for the office of a higher rank": Case(second_rule, NODE, WORLD, "node-", ("tcp 22",), ("ssh", "office")),
    "an address of version 6": Case(over_v6, NODE, "2000::/3", "node-1", ("tcp 22",), ("opened",)),
    "a policy beside a firewall": Case(by_policy, NODE, "203.0.113.0/24", "node-1", ("tcp 22",), ("100",)),
    "administrators, who are let in by the same rule": Case(
        lambda: opened(public(kops(), "master-a"), "tcp:443", "198.51.100.0/23", targetTags=[MASTERS]),
        API,
        "198.51.101.0/24",
        "master-a",
        ("tcp 443",),
        ("opened",),
        policy=ADMINS,
    ),
    "a machine with the source tag": Case(
        jenkins, ETCD, "10.0.0.99/32", "master-a", ("tcp 4001",), ("opened",), check="inside"
    ),
    "a machine with the source's service account": Case(
        by_account, NODE, "10.0.0.99/32", "node-", (), ("by-account",), check="inside"
    ),
    "an internal balancer": Case(
        balancer_inside, API, "10.0.0.0/20", "master-a", ("tcp 443",), ("api",), check="inside", policy=ADMINS
    ),
    "a published balancer": Case(
        lambda: balancer_published(
            connectionPreference="ACCEPT_AUTOMATIC", connectedEndpoints=[{"status": "ACCEPTED"}]
        ),
        API,
        "10.0.0.0/8",
        "master-a",
        ("tcp 443",),
        ("api",),
        check="inside",
        policy=ADMINS,
    ),
}


@pytest.mark.mistake("wrong-witness")
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_witness_and_the_blamed_rules_are_of_the_excess(google_cloud: Proxy, case: Case) -> None:
    row = report_of(google_cloud, case.build(), policy=case.policy).row(case.row)
    findings = [each for each in row.findings if each.check == f"{case.row}/{case.check}" and each.counts]
    assert findings, (row.why, row.unknown, [each.message for each in row.findings])
    for finding in findings:
        assert_shown(finding, case)


def assert_shown(finding: Finding, case: Case) -> None:
    witness, blamed = finding.witness, {fact.rule for fact in finding.evidence if fact.rule}
    assert ip_address(witness.source) in ip_network(case.source), witness
    assert case.target in witness.target, witness
    assert not case.services or witness.service in case.services, witness
    assert blamed <= {*case.rules}, blamed
    assert blamed, finding.evidence
    assert {hop.rule for hop in witness.path if hop.attributed} <= blamed | {""}
    texts = (finding.message, witness.summary)
    assert not [word for word in case.never for text in texts if word in text], texts


GRANTS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "a needed permission in the same role": (
        ("logging.logEntries.create", "pubsub.topics.delete"),
        "",
        "logging",
    ),
    "a list in the same role": (("compute.instances.list", "pubsub.topics.delete"), "", "instances.list"),
    "a permission that a condition excludes": (
        ("compute.disks.delete", "pubsub.topics.delete"),
        'resource.type != "compute.googleapis.com/Disk"',
        "disks.delete",
    ),
    "a permission of another type than the condition's": (
        ("pubsub.topics.delete", "compute.disks.delete"),
        'resource.type == "compute.googleapis.com/Disk"',
        "pubsub",
    ),
}


@pytest.mark.mistake("wrong-witness")
@pytest.mark.parametrize(("permissions", "condition", "never"), GRANTS.values(), ids=GRANTS)
def test_a_finding_names_only_permissions_of_the_excess(
    google_cloud: Proxy, permissions: tuple[str, ...], condition: str, never: str
) -> None:
    project = bound("roles/x", *permissions, condition=condition)
    project.role("roles/y", "logging.logEntries.create")
    project.bind("roles/y", MEMBER)
    [finding] = [
        each
        for each in report_of(google_cloud, project).row(IDENTITY).findings
        if each.resource.name == NODES and each.check == f"{IDENTITY}/outside"
    ]
    assert never not in finding.message
    assert never not in finding.witness.summary
    assert not [fact for fact in finding.evidence if "roles/y" in fact.rule], finding.evidence
