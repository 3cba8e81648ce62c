"""Endpoint groups of every kind, and balancers of other projects in front of the cluster's hosts."""

from __future__ import annotations

from typing import Any

import pytest

from cloudguard import pipeline
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.port import CollectRequest
from cloudguard.results.report import Verdict
from cloudguard_gcp import ADAPTER
from gcp_clusters import kops
from gcp_project import REGION, ZONE, Item, Project
from gcp_proxy import Proxy
from gcp_server import Google

MASTERS = "prod-k8s-io-role-control-plane"
WHERE, HERE = f"zones/{ZONE}", f"regions/{REGION}"
FRONTS = ("35.191.0.0/16", "130.211.0.0/22")
TO_INTERNET = ("34.96.0.0/20", "34.127.192.0/18")


def cluster(*let_in: str, public: bool = False) -> Project:
    """Return a cluster whose firewall opens the API to ``let_in``."""
    project = kops()
    project.firewall(project.link("global/networks/default"), "api", "tcp:443", *let_in, targetTags=[MASTERS])
    for list_ in project.lists[f"projects/acme-prod/{WHERE}/instances"] if public else ():
        if list_["name"] == "master-a":
            list_["networkInterfaces"][0]["accessConfigs"] = [{"name": "nat", "natIP": "34.76.0.2"}]
    return project


def group(project: Project, where: str, kind: str, *endpoints: Item) -> str:
    link = project.add(where, "networkEndpointGroups", "api", networkEndpointType=kind)
    if endpoints:
        path = f"projects/acme-prod/{where}/networkEndpointGroups/api/listNetworkEndpoints"
        project.answer("compute", path, {"items": [{"networkEndpoint": endpoint} for endpoint in endpoints]}, "POST")
    return link


def behind_proxy(project: Project, made: str, where: str = "global", **rest: Any) -> str:  # noqa: ANN401 - JSON
    """Put a group behind an internet proxy. Return the backend service."""
    service = project.add(where, "backendServices", "api", backends=[{"group": made}], protocol="TCP", **rest)
    proxy = project.add(where, "targetTcpProxies", "api", service=service)
    front(project, where, target=proxy)
    return service


def front(project: Project, where: str, **target: str) -> None:
    scheme = "EXTERNAL" if where == "global" else "EXTERNAL_MANAGED"
    whole = {"IPProtocol": "TCP", "portRange": "443-443", "loadBalancingScheme": scheme, "IPAddress": "34.140.0.8"}
    project.add(where, "forwardingRules", "api", **whole, **target)


def collected(google_cloud: Proxy, project: Project, *beside: Project) -> Snapshot:
    google_cloud.google = Google(project, beside=beside)
    return ADAPTER.collect(CollectRequest(cluster="prod"))


def verdict(snapshot: Snapshot) -> Verdict:
    return pipeline.evaluate(snapshot).row("api-server-access").verdict


@pytest.mark.mistake("way-in-left-out")
@pytest.mark.parametrize(
    ("where", "kind", "endpoint"),
    [
        ("global", "INTERNET_IP_PORT", {"ipAddress": "34.76.0.2", "port": 443}),
        (HERE, "INTERNET_IP_PORT", {"ipAddress": "34.76.0.2", "port": 443}),
        (WHERE, "NON_GCP_PRIVATE_IP_PORT", {"ipAddress": "10.0.0.2", "port": 443}),
        (WHERE, "GCE_VM_IP_PORT", {"instance": "master-a", "ipAddress": "10.0.0.2", "port": 443}),
        (WHERE, "GCE_VM_IP_PORT", {"instance": "master-a", "ipv6Address": "2600:1900::5", "port": 443}),
        (WHERE, "GCE_VM_IP_PORT", {"instance": "master-a", "port": 443}),
        (HERE, "GCE_VM_IP_PORTMAP", {"instance": f"projects/acme-prod/{WHERE}/instances/master-a", "port": 443}),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_proxy_in_front_of_an_endpoint_lets_in_the_internet(
    google_cloud: Proxy, where: str, kind: str, endpoint: Item
) -> None:
    project = cluster(*FRONTS, *TO_INTERNET, "10.129.0.0/23", public=True)
    for list_ in project.lists[f"projects/acme-prod/{WHERE}/instances"]:
        if list_["name"] == "master-a":
            list_["networkInterfaces"][0] |= {"ipv6Address": "2600:1900::5", "internalIpv6PrefixLength": 128}
    subnet = {"purpose": "REGIONAL_MANAGED_PROXY", "role": "ACTIVE"}
    project.subnet(project.link("global/networks/default"), "proxies", "10.129.0.0/23", **subnet)
    behind_proxy(project, group(project, where, kind, endpoint), HERE if where == HERE else "global")
    snapshot = collected(google_cloud, project)
    assert snapshot.gaps == ()
    (balancer,) = snapshot.topology.balancers
    (target,) = balancer.listeners[0].targets
    assert (target.host, str(target.service)) == (f"{ZONE}/master-a", "tcp/443")
    assert verdict(snapshot) is Verdict.FAIL


def test_proxies_reach_internet_endpoints_from_their_own_addresses(google_cloud: Proxy) -> None:
    for kind, where, found in (
        ("INTERNET_IP_PORT", "global", TO_INTERNET),
        ("NON_GCP_PRIVATE_IP_PORT", WHERE, FRONTS),
    ):
        project = cluster(public=True)
        behind_proxy(project, group(project, where, kind, {"ipAddress": "34.76.0.2", "port": 443}))
        topology = collected(google_cloud, project).topology
        (place,) = [subnet for subnet in topology.subnets if subnet.id == topology.balancers[0].subnets[0]]
        assert {*place.ranges.texts()} == {*found}


@pytest.mark.parametrize("kind", ["SERVERLESS", "PRIVATE_SERVICE_CONNECT"])
def test_kinds_of_groups_without_endpoints_are_not_read(google_cloud: Proxy, kind: str) -> None:
    project = cluster(*FRONTS)
    behind_proxy(project, group(project, HERE, kind), HERE)
    snapshot = collected(google_cloud, project)
    assert (snapshot.gaps, snapshot.topology.balancers) == ((), ())
    assert not [request for request in google_cloud.google.asked if request.method.endswith("listNetworkEndpoints")]


@pytest.mark.mistake("unknown-word")
def test_endpoints_of_an_unknown_kind_of_group_are_read(google_cloud: Proxy) -> None:
    project = cluster(*FRONTS)
    behind_proxy(project, group(project, HERE, "SERVERLESS", {"ipAddress": "10.0.0.2", "port": 443}), HERE)
    (items,) = [items for path, items in project.lists.items() if path.endswith("/networkEndpointGroups")]
    items[0]["networkEndpointType"] = "TELEPORT"
    assert len(collected(google_cloud, project).topology.balancers) == 1


@pytest.mark.mistake("odd-answer")
def test_a_group_that_is_missing_in_the_list_is_a_gap(google_cloud: Proxy) -> None:
    project = cluster(*FRONTS)
    behind_proxy(project, group(project, HERE, "SERVERLESS").replace("/api", "/gone"), HERE)
    (gap,) = collected(google_cloud, project).gaps
    assert "did not return it" in gap.message


def shared_service(*, leads_to: str = "master-a") -> Project:
    """Return a project with a backend service that a URL map of the project "edge" refers to."""
    project = cluster(*FRONTS)
    endpoint = {"instance": leads_to, "ipAddress": "10.0.0.2", "port": 443}
    made = group(project, WHERE, "GCE_VM_IP_PORT", endpoint)
    users = [{"reference": "https://www.googleapis.com/compute/v1/projects/edge/global/urlMaps/api"}]
    project.add("global", "backendServices", "api", backends=[{"group": made}], protocol="HTTPS", usedBy=users)
    return project


@pytest.mark.mistake("way-in-left-out")
def test_a_balancer_of_another_project_counts(google_cloud: Proxy) -> None:
    project, edge = shared_service(), Project("edge", "555555555555")
    chosen = edge.add("global", "urlMaps", "api", defaultService=project.link("global/backendServices/api"))
    front(edge, "global", target=edge.add("global", "targetHttpsProxies", "api", urlMap=chosen))
    snapshot = collected(google_cloud, project, edge)
    assert snapshot.gaps == ()
    assert [balancer.id.split("/")[1] for balancer in snapshot.topology.balancers] == ["edge"]
    assert verdict(snapshot) is Verdict.FAIL


@pytest.mark.mistake("way-in-left-out")
def test_a_balancer_of_an_unreadable_project_makes_the_row_unknown(google_cloud: Proxy) -> None:
    snapshot = collected(google_cloud, shared_service())
    assert any("projects/edge" in gap.message for gap in snapshot.gaps)
    assert verdict(snapshot) is Verdict.UNKNOWN


def test_a_service_of_foreign_machines_does_not_count(google_cloud: Proxy) -> None:
    project = shared_service(leads_to="batch")
    project.instance("batch", project.link(f"{HERE}/subnetworks/nodes"), "10.0.0.99")
    snapshot = collected(google_cloud, project)
    assert snapshot.gaps == ()
    assert verdict(snapshot) is Verdict.PASS
