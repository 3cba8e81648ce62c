"""What a finding shows on Azure comes from the excess: its witness, its message and the rule that it blames."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from azure_aks import Aks
from azure_clusters import OFFICE, Clean
from azure_fixtures import Subscription
from azure_proxy import AzureProxy
from azure_rules import rule
from azure_variants import above_low, report_on
from azure_ways_in import keyed
from cloudguard.needs.declarations import Declarations, DeclaredNeed
from cloudguard.results.finding import Finding

pytestmark = pytest.mark.mistake("wrong-witness")
API, NODES, ETCD, CLOUD, DISKS = (
    "api-server-access",
    "node-access",
    "etcd-access",
    "cloud-api-access",
    "etcd-encryption",
)
ADMINS = Declarations(admin_cidrs=(OFFICE,))


@dataclass(frozen=True)
class Shown:
    """The worst finding of a row: its message and its witness must have the words ``has``, and none of ``lacks``.

    ``rule``: the only rule that it blames. ``outside``: ranges that its sender is not in.
    """

    row: str
    build: Callable[[], Subscription]
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    rule: str = ""
    outside: tuple[str, ...] = ()
    policy: Declarations = field(default_factory=Declarations)


def masters(*rules: Any) -> Clean:  # noqa: ANN401 - JSON
    """Return a control plane with a public balancer to its API, and further rules."""
    account = Clean(masters=rules)
    own = account.load_balancer("api", (443, 6443), public=account.public_address("api", "20.71.0.20"))
    held = account.properties(account.interface_of("prod-cp-0"))["ipConfigurations"][0]["properties"]
    held["loadBalancerBackendAddressPools"] = [{"id": account.pool(own)}]
    return account


def nodes(*rules: Any) -> Clean:  # noqa: ANN401 - JSON
    return Clean(nodes=rules, public="Standard")


def kubelets(*roles: tuple[str, str]) -> Aks:
    """Return a cluster whose kubelets have roles at places: "group" for that of its nodes, or a group's name."""
    account = Aks()
    for role, place in roles:
        group = account.node_group() if place == "group" else place
        account.assign(account.kubelet, role, account.in_group(group))
    return account


def two_pods() -> Aks:
    """Return a cluster with two identities of pods, of which one may do much."""
    account = Aks()
    account.pod("harmless")
    account.assign(account.pod("deployer"), "Owner")
    return account


def two_credentials() -> Aks:
    account = Aks()
    account.pod()
    own = account.id("Microsoft.ManagedIdentity/userAssignedIdentities", "app")
    account.federated(own, "ci", "https://token.actions.githubusercontent.com", "repo:acme/app:pull_request")
    return account


def ranges(*listed: str) -> Aks:
    return Aks({"authorizedIPRanges": [*listed], "disableRunCommand": True})


WORLD = "Internet"
CASES = {
    "an API for the office and for everyone": Shown(
        API, lambda: masters(rule("all", 300, "6443", WORLD)), rule="all", outside=(OFFICE,), policy=ADMINS
    ),
    "an API for everyone, and denied to a half": Shown(
        API,
        lambda: masters(rule("half", 110, "6443", "0.0.0.0/1", access="Deny"), rule("all", 300, "6443", WORLD)),
        rule="all",
        outside=(OFFICE, "0.0.0.0/1"),
        policy=ADMINS,
    ),
    "an API of AKS for the office and for a wide range": Shown(
        API, lambda: ranges(OFFICE, "20.0.0.0/8"), has=("20.0.0.0 →",), outside=(OFFICE,), policy=ADMINS
    ),
    "an API of AKS for the office and for IPv6": Shown(
        API, lambda: ranges(OFFICE, "::/0"), has=("2001:db8::7",), outside=(OFFICE,), policy=ADMINS
    ),
    "nodes for NodePorts and the kubelet": Shown(
        NODES,
        lambda: nodes(rule("ports", 150, "30000-32767", WORLD), rule("kubelet", 160, "10250", WORLD)),
        has=("tcp/10250",),
        lacks=("30000", "32767"),
        rule="kubelet",
    ),
    "nodes for a range of ports with a NodePort": Shown(
        NODES, lambda: nodes(rule("range", 150, "10250-30000", WORLD)), lacks=("30000",), rule="range"
    ),
    "nodes for a declared client and for another": Shown(
        NODES,
        lambda: nodes(rule("two", 150, "10250", [OFFICE, "203.0.113.0/24"])),
        has=("203.0.113",),
        outside=(OFFICE,),
        policy=Declarations(needs=(DeclaredNeed(OFFICE, "node", "tcp/10250", "metrics"),)),
    ),
    "etcd for the control plane and for others": Shown(
        ETCD,
        lambda: Clean(masters=[rule("all", 150, "2379-2380", "10.0.0.0/16")]),
        rule="all",
        outside=("10.0.0.4/32",),
    ),
    "images and machines": Shown(
        CLOUD,
        lambda: kubelets(("AcrPull", "images"), ("Virtual Machine Contributor", "other")),
        has=("microsoft.compute",),
        lacks=("containerregistry",),
    ),
    "a group of its own and another": Shown(
        CLOUD,
        lambda: kubelets(("Virtual Machine Contributor", "group"), ("Network Contributor", "other")),
        has=(":other:",),
    ),
    "one of two pods": Shown(CLOUD, two_pods, has=("deployer",), lacks=("harmless",)),
    "one of two credentials": Shown(CLOUD, two_credentials, has=("pull_request",), lacks=("system:serviceaccount",)),
    "a disabled key": Shown(DISKS, lambda: keyed(enabled=False), has=("vault.azure.net/keys/etcd", "disabled")),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_a_finding_shows_is_part_of_the_excess(azure_cloud: AzureProxy, case: Shown) -> None:
    findings = above_low(report_on(azure_cloud, case.build(), case.policy), case.row)
    worst = max(findings, key=lambda finding: finding.severity)
    shown = f"{worst.message}\n{worst.witness.summary}".lower()
    assert all(word.lower() in shown for word in case.has), shown
    assert not any(word.lower() in shown for word in case.lacks), shown
    assert not case.rule or blamed(worst) == {case.rule}
    for cidr in case.outside:
        sender, network = ip_address(worst.witness.source), ip_network(cidr)
        assert sender.version != network.version or sender not in network


def blamed(finding: Finding) -> set[str]:
    """Return the names of the rules that a finding's witness is attributed to."""
    return {hop.rule.partition("#")[0] for hop in finding.witness.path if hop.attributed and hop.rule}
