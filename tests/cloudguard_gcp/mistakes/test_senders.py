"""Senders that have a route to the cluster, and those that have none or cannot send."""

from __future__ import annotations

from typing import Any

import pytest

from gcp_clusters import WORLD, kops, open_ssh
from gcp_judged import ETCD, MASTERS, NETWORK, NODE, Shape, assert_shape, machine, nic, opened, public
from gcp_judged import NODES as NODE_TAG
from gcp_project import REGION, ZONE, Project
from gcp_proxy import Proxy

HERE = f"regions/{REGION}"
REMOTE = "192.168.0.0/16"
GATEWAY = "global/gateways/default-internet-gateway"
TUNNEL = f"https://www.googleapis.com/compute/v1/projects/acme-prod/{HERE}/vpnTunnels/t"


def to_etcd(*sources: str, **rest: Any) -> Project:  # noqa: ANN401 - JSON
    return opened(kops(), "tcp:4001", *sources, targetTags=[MASTERS], **rest)


def routed(project: Project, destination: str = REMOTE, network: str = NETWORK, **route: Any) -> Project:  # noqa: ANN401
    where = {"network": project.link(network), "destRange": destination, "priority": 100}
    project.add("global", "routes", "there", **where | route)
    return project


def default_route(project: Project, **changed: Any) -> Project:  # noqa: ANN401 - JSON
    """Change the route to the internet. Without a change, delete it."""
    routes = project.lists["projects/acme-prod/global/routes"]
    for route in [route for route in routes if route["name"] == "default-internet"]:
        if changed:
            route.update(changed)
        else:
            routes.remove(route)
    return project


def elsewhere(project: Project) -> Project:
    """Add another network."""
    project.subnet(project.network("other"), "other", "10.50.0.0/24")
    return project


def beside(project: Project, network: str = "default", status: str = "RUNNING", **rest: Any) -> Project:  # noqa: ANN401
    """Add a machine that is not the cluster's."""
    subnet, address = ("nodes", "10.0.0.99") if network == "default" else ("other", "10.50.0.9")
    project.instance("jenkins", project.link(f"{HERE}/subnetworks/{subnet}"), address, network=network, **rest)
    machine(project, "jenkins")["status"] = status
    return project


def peered(state: str) -> Project:
    project = routed(to_etcd("10.90.0.0/16"), "10.90.0.0/16", priority=0, nextHopPeering="x")
    if state != "ACTIVE":
        project.lists["projects/acme-prod/global/routes"].pop()
    project.lists["projects/acme-prod/global/networks"][0]["peerings"] = [{"name": "x", "state": state}]
    return project


def of_version_six(*, routed: bool) -> Project:
    project = opened(kops(), "tcp:22", "::/0", targetTags=[NODE_TAG])
    if routed:
        six = {"destRange": "::/0", "priority": 1000, "nextHopGateway": project.link(GATEWAY)}
        project.add("global", "routes", "six", network=project.link(NETWORK), **six)
    address = {"externalIpv6": "2600:1900::5", "externalIpv6PrefixLength": 96, "type": "DIRECT_IPV6"}
    nic(project, "node-1").update(stackType="IPV4_IPV6", ipv6AccessConfigs=[address])
    return project


def with_account(network: str) -> Project:
    project = elsewhere(kops())
    account = project.account("ci")
    project.firewall(project.link(NETWORK), "by-account", "tcp:4001", sourceServiceAccounts=[account])
    return beside(project, network, account=account)


def secondary() -> Project:
    project = to_etcd("10.70.0.0/16")
    further = [{"rangeName": "x", "ipCidrRange": "10.70.0.0/16"}]
    project.subnet(project.link(NETWORK), "more", "10.60.0.0/24", secondaryIpRanges=further)
    return project


def legacy() -> Project:
    project = to_etcd("10.240.0.0/16")
    project.lists["projects/acme-prod/global/networks"][0]["IPv4Range"] = "10.240.0.0/16"
    return project


def on_8080(source: str) -> Project:
    return opened(public(kops(), "node-1"), "tcp:8080", source, targetTags=[NODE_TAG])


SENDERS: dict[str, Shape] = {
    "a range without a route": (lambda: to_etcd(REMOTE), ETCD, "PASS"),
    "a range behind a VPN tunnel": (lambda: routed(to_etcd(REMOTE), nextHopVpnTunnel=TUNNEL), ETCD, "FAIL"),
    "a part of the range behind a VPN tunnel": (
        lambda: routed(to_etcd(REMOTE), "192.168.4.0/24", nextHopVpnTunnel=TUNNEL),
        ETCD,
        "FAIL",
    ),
    "another range behind a VPN tunnel": (
        lambda: routed(to_etcd(REMOTE), "172.16.0.0/12", nextHopVpnTunnel=TUNNEL),
        ETCD,
        "PASS",
    ),
    "a tunnel of another network": (
        lambda: routed(elsewhere(to_etcd(REMOTE)), network="global/networks/other", nextHopVpnTunnel=TUNNEL),
        ETCD,
        "PASS",
    ),
    "a tunnel for machines with another tag": (
        lambda: routed(to_etcd(REMOTE), nextHopVpnTunnel=TUNNEL, tags=["vpn"]),
        ETCD,
        "PASS",
    ),
    "a tunnel for the control plane's tag": (
        lambda: routed(to_etcd(REMOTE), nextHopVpnTunnel=TUNNEL, tags=[MASTERS]),
        ETCD,
        "FAIL",
    ),
    "a tunnel for everything": (
        lambda: routed(to_etcd(REMOTE), "0.0.0.0/0", nextHopVpnTunnel=TUNNEL),
        ETCD,
        "FAIL",
    ),
    "a range behind a hub": (
        lambda: routed(to_etcd(REMOTE), nextHopHub="projects/acme-prod/locations/global/hubs/h"),
        ETCD,
        "FAIL",
    ),
    "a range behind an internal balancer": (lambda: routed(to_etcd(REMOTE), nextHopIlb="10.0.0.9"), ETCD, "UNKNOWN"),
    "a public range behind a tunnel": (
        lambda: routed(to_etcd("203.0.113.0/24"), "203.0.113.0/24", nextHopVpnTunnel=TUNNEL),
        ETCD,
        "FAIL",
    ),
    "a public range, and no public address": (lambda: to_etcd("203.0.113.0/24"), ETCD, "PASS"),
    "a network that is not peered": (lambda: elsewhere(to_etcd("10.50.0.0/24")), ETCD, "PASS"),
    "a peered network": (lambda: peered("ACTIVE"), ETCD, "FAIL"),
    "an inactive peering": (lambda: peered("INACTIVE"), ETCD, "PASS"),
    "the secondary range of another subnet": (secondary, ETCD, "FAIL"),
    "the range of a legacy network": (legacy, ETCD, "FAIL"),
    "a machine with the tag": (lambda: beside(to_etcd(sourceTags=["ci"]), tags=["ci"]), ETCD, "FAIL"),
    "a stopped machine with the tag": (
        lambda: beside(to_etcd(sourceTags=["ci"]), status="TERMINATED", tags=["ci"]),
        ETCD,
        "FAIL",
    ),
    "a machine with the tag that is being deleted": (
        lambda: beside(to_etcd(sourceTags=["ci"]), status="DEPROVISIONING", tags=["ci"]),
        ETCD,
        "PASS",
    ),
    "a machine with the tag in another network": (
        lambda: beside(elsewhere(to_etcd(sourceTags=["ci"])), "other", tags=["ci"]),
        ETCD,
        "PASS",
    ),
    "a machine with the account": (lambda: with_account("default"), ETCD, "FAIL"),
    "a machine with the account in another network": (lambda: with_account("other"), ETCD, "PASS"),
    "the internet without a route": (lambda: default_route(open_ssh()), NODE, "PASS"),
    "the internet with a route for another tag": (lambda: default_route(open_ssh(), tags=["nat"]), NODE, "PASS"),
    "the internet with a route for the nodes' tag": (lambda: default_route(open_ssh(), tags=[NODE_TAG]), NODE, "FAIL"),
    "half of the internet": (lambda: default_route(open_ssh(), destRange="0.0.0.0/1"), NODE, "FAIL"),
    "the internet behind an appliance": (
        lambda: routed(open_ssh(), WORLD, nextHopInstance=kops().link(f"zones/{ZONE}/instances/fw")),
        NODE,
        "UNKNOWN",
    ),
    "the internet by version 6": (lambda: of_version_six(routed=True), NODE, "FAIL"),
    "version 6 without a route": (lambda: of_version_six(routed=False), NODE, "PASS"),
    "Google's front ends without a balancer": (lambda: on_8080("35.191.0.0/16"), NODE, "PASS"),
    "Cloud DNS, as which nobody else sends": (lambda: on_8080("35.199.192.0/19"), NODE, "PASS"),
    "the metadata server": (lambda: on_8080("169.254.169.254"), NODE, "PASS"),
}


@pytest.mark.mistake("sender-without-route")
@pytest.mark.parametrize("shape", SENDERS.values(), ids=SENDERS)
def test_a_sender_counts_if_it_has_a_route(google_cloud: Proxy, shape: Shape) -> None:
    assert_shape(google_cloud, shape)
