"""Firewall rules and policies of Google Cloud in rare forms. Each name gives the reason for its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard_gcp import ADAPTER
from gcp_clusters import WORLD, kops, open_ssh, policy
from gcp_identities import NODES
from gcp_project import Item, Project
from gcp_proxy import Proxy
from gcp_server import Google

NETWORK, SUBNET = "global/networks/default", "regions/europe-west1/subnetworks/nodes"
INSTANCES, NODE_TAG = "projects/acme-prod/zones/europe-west1-b/instances", "prod-k8s-io-role-node"
MASTER_TAG = "prod-k8s-io-role-control-plane"
TUNNEL = "https://www.googleapis.com/compute/v1/projects/acme-prod/regions/europe-west1/vpnTunnels/t"
SSH = [{"IPProtocol": "tcp", "ports": ["22"]}]


def public(**rule: Any) -> Project:  # noqa: ANN401 - JSON
    """Return nodes with public addresses, and a rule for them."""
    project = open_ssh()
    project.lists["projects/acme-prod/global/firewalls"].pop()
    whole: dict[str, Any] = {"allowed": SSH, "sourceRanges": [WORLD]}
    return ruled(project, **(whole | rule))


def ruled(project: Project, **rule: Any) -> Project:  # noqa: ANN401 - JSON
    project.firewall(project.link(NETWORK), "one", **rule)
    return project


def also_denied(**rule: Any) -> Project:  # noqa: ANN401 - JSON
    """Return nodes with an open SSH port, and a rule that denies SSH."""
    project = open_ssh()
    denial: dict[str, Any] = {"allowed": [], "denied": SSH, "sourceRanges": [WORLD]}
    project.firewall(project.link(NETWORK), "no", **(denial | rule))
    return project


def denied_by_policy(kind: str, **rule: Any) -> Project:  # noqa: ANN401 - JSON
    """Return nodes with an open SSH port, and a policy that denies SSH."""
    project, made = open_ssh(), policy(kind, "deny")
    made["rules"][0] |= rule
    project.effective("default", made)
    return project


def policy_first() -> Project:
    project = denied_by_policy("NETWORK")
    project.lists["projects/acme-prod/global/networks"][0]["networkFirewallPolicyEnforcementOrder"] = (
        "BEFORE_CLASSIC_FIREWALL"
    )
    return project


TO_ETCD: dict[str, Any] = {"allowed": [{"IPProtocol": "tcp", "ports": ["4001"]}], "targetTags": [MASTER_TAG]}


def routed(**route: Any) -> Project:  # noqa: ANN401 - JSON
    """Return a rule that lets a remote network reach etcd, and a route to it."""
    project = ruled(kops(), **TO_ETCD, sourceRanges=["192.168.0.0/16"])
    where: dict[str, Any] = {"network": project.link(NETWORK), "destRange": "192.168.0.0/16", "priority": 100}
    project.add("global", "routes", "there", **where, **route)
    return project


def machine(project: Project, name: str) -> Item:
    return next(list_ for list_ in project.lists[INSTANCES] if list_["name"] == name)


def stopped() -> Project:
    project = open_ssh()
    for name in ("node-1", "node-2"):
        item = machine(project, name)
        item["status"] = "TERMINATED"
        item["networkInterfaces"][0]["accessConfigs"] = [{"name": "External NAT", "type": "ONE_TO_ONE_NAT"}]
    return project


def second_interface() -> Project:
    project = kops()
    network = project.network("dmz")
    subnet = project.subnet(network, "dmz", "10.50.0.0/24")
    project.firewall(network, "all", "tcp:22", WORLD)
    access = [{"name": "nat", "natIP": "34.76.0.9"}]
    place = {"name": "nic1", "network": network, "subnetwork": subnet, "networkIP": "10.50.0.5"}
    machine(project, "node-1")["networkInterfaces"].append(place | {"accessConfigs": access})
    return project


def bastions(**nic: Any) -> Project:  # noqa: ANN401 - JSON
    """Return a rule that lets bastions reach etcd, and an empty group of them."""
    project = ruled(kops(), **TO_ETCD, sourceTags=["bastion"])
    place: Item = {"network": project.link(NETWORK), **nic}
    made_of: Item = {"tags": {"items": ["bastion"]}, "networkInterfaces": [place]}
    template = project.add("global", "instanceTemplates", "bastion", properties=made_of)
    project.add("zones/europe-west1-b", "instanceGroupManagers", "bastion", instanceTemplate=template, targetSize=0)
    return project


NODE, ETCD = "node-access", "etcd-access"
SHAPES: dict[str, tuple[Callable[[], Project], str, str]] = {
    "a protocol given by number": (lambda: public(allowed=[{"IPProtocol": "6", "ports": ["22"]}]), NODE, "FAIL"),
    "a source range and a source tag": (lambda: public(sourceTags=["bastion"], targetTags=[NODE_TAG]), NODE, "FAIL"),
    "a rule for the nodes' service account": (lambda: public(targetServiceAccounts=[NODES]), NODE, "FAIL"),
    "a denial with the same priority": (lambda: also_denied(priority=1000), NODE, "PASS"),
    "a denial for half of the internet": (lambda: also_denied(priority=900, sourceRanges=["0.0.0.0/1"]), NODE, "FAIL"),
    "a folder's denial for the nodes' account": (
        lambda: denied_by_policy("HIERARCHY", targetServiceAccounts=[NODES]),
        NODE,
        "PASS",
    ),
    "a network policy before the firewalls": (policy_first, NODE, "PASS"),
    "a stopped machine that gets an address at start": (stopped, NODE, "FAIL"),
    "a second interface in another network": (second_interface, NODE, "FAIL"),
    "a source tag of no machine": (lambda: ruled(kops(), **TO_ETCD, sourceTags=["bastion"]), ETCD, "PASS"),
    "a source tag of an empty group's next machine": (lambda: bastions(subnetwork=kops().link(SUBNET)), ETCD, "FAIL"),
    "a source tag of a next machine in a network of automatic subnets": (bastions, ETCD, "FAIL"),
    "the tag of all serverless connectors, which no list of machines has": (
        lambda: ruled(kops(), **TO_ETCD, sourceTags=["vpc-connector"]),
        ETCD,
        "UNKNOWN",
    ),
    "the tag of one serverless connector": (
        lambda: ruled(kops(), **TO_ETCD, sourceTags=["vpc-connector-europe-west1-web"]),
        ETCD,
        "UNKNOWN",
    ),
    "a route to a machine, which may pass on what networks behind it send": (
        lambda: routed(nextHopInstance=kops().link("zones/europe-west1-b/instances/firewall")),
        ETCD,
        "UNKNOWN",
    ),
    "a route to a VPN tunnel": (lambda: routed(nextHopVpnTunnel=TUNNEL), ETCD, "FAIL"),
}


@pytest.mark.parametrize(("build", "row", "verdict"), SHAPES.values(), ids=SHAPES)
def test_rules_give_the_expected_verdict(
    google_cloud: Proxy, build: Callable[[], Project], row: str, verdict: str
) -> None:
    google_cloud.google = Google(build())
    result = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row(row)
    assert result.verdict == verdict, (result.why, result.unknown)
