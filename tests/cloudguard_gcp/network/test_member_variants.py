"""Unlabelled instances registered beside the cluster's own, one way per case, and ways that do not count."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cloudguard.model.cluster import Role
from cloudguard.provider.port import CollectRequest
from cloudguard_gcp import ADAPTER
from gcp_clusters import kops
from gcp_project import REGION, ZONE, Project
from gcp_proxy import Proxy
from gcp_server import Google

pytestmark = pytest.mark.mistake("member-left-out")
WHERE, HERE = f"zones/{ZONE}", f"regions/{REGION}"
NODE_PORT, MADE_FOR = "30443-30443", '{"kubernetes.io/service-name": "shop/web"}'
Place = Callable[[Project, list[str], dict[str, Any]], None]
"""A function that puts instances (links) behind a forwarding rule with additional fields."""


def target_pool(project: Project, links: list[str], rule: dict[str, Any]) -> None:
    front(project, target=project.add(HERE, "targetPools", "web", instances=links), **rule)


def backup_pool(project: Project, links: list[str], rule: dict[str, Any]) -> None:
    spare = project.add(HERE, "targetPools", "spare", instances=links[1:])
    front(project, target=project.add(HERE, "targetPools", "web", instances=links[:1], backupPool=spare), **rule)


def unmanaged_group(project: Project, links: list[str], rule: dict[str, Any]) -> None:
    front(project, backendService=service(project, "instanceGroups", links), **rule)


def behind_a_proxy(project: Project, links: list[str], rule: dict[str, Any]) -> None:
    made = service(project, "instanceGroups", links, port=int(rule.pop("portRange", "8080").partition("-")[0]))
    proxy = project.add("global", "targetTcpProxies", "web", service=made)
    front(project, "global", target=proxy, portRange="443-443", **rule)


def endpoint_group(project: Project, links: list[str], rule: dict[str, Any]) -> None:
    group = project.add(WHERE, "networkEndpointGroups", "web", networkEndpointType="GCE_VM_IP")
    listed = [{"networkEndpoint": {"instance": one, "ipAddress": f"10.0.0.{n}"}} for n, one in enumerate(links, 50)]
    path = f"projects/acme-prod/{WHERE}/networkEndpointGroups/web/listNetworkEndpoints"
    project.answer("compute", path, {"items": listed}, "POST")
    made = project.add(HERE, "backendServices", "web", backends=[{"group": group}], protocol="TCP")
    front(project, backendService=made, **rule)


def service(project: Project, kind: str, links: list[str], port: int = 0) -> str:
    network, named = project.link("global/networks/default"), [{"name": "web", "port": port}] if port else []
    group = project.add(WHERE, kind, "web", network=network, namedPorts=named)
    path, items = f"projects/acme-prod/{WHERE}/{kind}/web/listInstances", [{"instance": link} for link in links]
    project.answer("compute", path, {"items": items}, "POST")
    where = "global" if port else HERE
    return project.add(where, "backendServices", "web", backends=[{"group": group}], portName="web", protocol="TCP")


def front(project: Project, where: str = HERE, **rest: Any) -> None:  # noqa: ANN401 - JSON
    whole = {"IPProtocol": "TCP", "IPAddress": "34.140.0.8", "loadBalancingScheme": "EXTERNAL"}
    project.add(where, "forwardingRules", "web", **whole | rest)


def roles(google_cloud: Proxy, project: Project) -> dict[str, tuple[Role, ...]]:
    google_cloud.google = Google(project)
    return {host.name: host.roles for host in ADAPTER.collect(CollectRequest(cluster="prod")).cluster.hosts}


@pytest.mark.parametrize(
    ("place", "rule", "expected"),
    [
        (target_pool, {"portRange": NODE_PORT}, True),
        (target_pool, {"portRange": "443-443", "description": MADE_FOR}, True),
        (target_pool, {"portRange": "443-443"}, False),
        (backup_pool, {"portRange": NODE_PORT}, True),
        (unmanaged_group, {"portRange": "6443-6443"}, True),
        (behind_a_proxy, {"portRange": NODE_PORT}, True),
        (behind_a_proxy, {}, False),
        (endpoint_group, {"portRange": "80-80", "description": MADE_FOR}, True),
    ],
)
def test_instances_registered_beside_a_node_are_nodes(
    google_cloud: Proxy, place: Place, rule: dict[str, Any], *, expected: bool
) -> None:
    project = kops()
    subnet = project.link(f"{HERE}/subnetworks/nodes")
    bare = project.instance("bare", subnet, "10.0.0.51")
    theirs = project.instance("theirs", subnet, "10.0.0.52", labels={"k8s-io-cluster-name": "other"})
    place(project, [project.link(f"{WHERE}/instances/node-1"), bare, theirs], dict(rule))
    found = roles(google_cloud, project)
    assert found.get("bare") == ((Role.NODE,) if expected else None)
    assert "theirs" not in found
