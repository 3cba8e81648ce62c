"""The address ranges of pods on Google Cloud."""

from __future__ import annotations

from typing import Any

import pytest

from cloudguard import pipeline
from cloudguard.needs.declarations import Declarations
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_gcp import ADAPTER
from gcp_clusters import gke, kops
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_server import Google

NODE = "projects/acme-prod/zones/europe-west1-b/instances/node-1"


def ranges(google_cloud: Proxy, project: Project) -> tuple[str, ...]:
    google_cloud.google = Google(project)
    return ADAPTER.collect(CollectRequest(cluster="prod")).cluster.pod_ranges.cidrs()


def test_pods_have_alias_ranges_of_hosts_and_ranges_routed_to_hosts(google_cloud: Proxy) -> None:
    project = kops()
    assert ranges(google_cloud, project) == ()
    for list_ in project.lists["projects/acme-prod/zones/europe-west1-b/instances"]:
        if list_["name"] == "node-2":
            list_["networkInterfaces"][0]["aliasIpRanges"] = [{"ipCidrRange": "100.64.1.0/24"}]
    network = project.link("global/networks/default")
    for name, destination, hop, whose in (
        ("to-node", "100.64.2.0/24", project.link(NODE.partition("acme-prod/")[2]), "k8s-node-route"),
        ("to-other", "100.64.3.0/24", project.link("zones/europe-west1-b/instances/other"), "k8s-node-route"),
        ("office", "192.168.0.0/16", project.link(NODE.partition("acme-prod/")[2]), "a tunnel of ours"),
    ):
        rest: dict[str, Any] = {
            "destRange": destination,
            "nextHopInstance": hop,
            "priority": 1000,
            "description": whose,
        }
        project.add("global", "routes", name, network=network, **rest)
    assert ranges(google_cloud, project) == ("100.64.1.0/24", "100.64.2.0/24")


@pytest.mark.parametrize(
    ("cluster", "wanted"),
    [
        ({}, ("10.4.0.0/14",)),
        (
            {"ipAllocationPolicy": {"clusterIpv4CidrBlock": "10.8.0.0/13"}},
            ("10.4.1.0/24", "10.4.2.0/24", "10.8.0.0/13"),
        ),
    ],
)
def test_gke_s_pods_have_the_whole_range_of_the_cluster(
    google_cloud: Proxy, cluster: dict[str, Any], wanted: tuple[str, ...]
) -> None:
    assert ranges(google_cloud, gke(**cluster)) == wanted


@pytest.mark.parametrize(("peering", "verdict"), [("gke-n1-peer", Verdict.PASS), ("", Verdict.FAIL)])
def test_a_control_plane_in_a_peered_network_is_the_cluster_s(
    google_cloud: Proxy, peering: str, verdict: Verdict
) -> None:
    """GKE writes a rule for the range of the control plane, which connects to the kubelet."""
    private = {"enablePrivateNodes": True, "masterIpv4CidrBlock": "172.16.0.0/28", "peeringName": peering}
    project = gke(privateClusterConfig=private)
    network = project.link("global/networks/default")
    peerings = [{"name": "gke-n1-peer", "state": "ACTIVE", "network": network}]
    project.lists["projects/acme-prod/global/networks"][0]["peerings"] = peerings
    hop = {"destRange": "172.16.0.0/28", "nextHopPeering": "gke-n1-peer", "priority": 0}
    project.add("global", "routes", "peering", network=network, **hop)
    project.firewall(network, "gke-prod-12345678-master", "tcp:443,10250", "172.16.0.0/28")
    google_cloud.google = Google(project)
    row = pipeline.evaluate(ADAPTER.collect(CollectRequest(cluster="prod")), Declarations()).row("node-access")
    assert row.verdict is verdict, row.why
