"""Instances made by a cluster's instance groups belong to the cluster, with and without labels."""

from __future__ import annotations

import pytest

from cloudguard.model.cluster import Role
from cloudguard.provider.port import CollectRequest
from cloudguard_gcp import ADAPTER
from gcp_clusters import gke, kops
from gcp_project import REGION, ZONE, Project
from gcp_proxy import Proxy
from gcp_server import Google

INSTANCES = f"projects/acme-prod/zones/{ZONE}/instances"
MANAGER = f"projects/123456789012/zones/{ZONE}/instanceGroupManagers/nodes"


def hosts(google_cloud: Proxy, project: Project) -> dict[str, tuple[Role, ...]]:
    google_cloud.google = Google(project)
    return {host.name: host.roles for host in ADAPTER.collect(CollectRequest(cluster="prod")).cluster.hosts}


def add(project: Project, name: str, address: str, **rest: object) -> None:
    subnet = project.link(f"regions/{REGION}/subnetworks/nodes")
    project.instance(name, subnet, address, metadata={"created-by": MANAGER}, **rest)  # type: ignore[arg-type]


@pytest.mark.mistake("member-left-out")
def test_an_instance_of_a_node_s_instance_group_is_a_node(google_cloud: Proxy) -> None:
    project = kops()
    for list_ in project.lists[INSTANCES]:
        if list_["name"] == "node-1":
            list_["metadata"] = {"items": [{"key": "created-by", "value": MANAGER}]}
    add(project, "bare", "10.0.0.50")
    add(project, "of-another", "10.0.0.51", labels={"k8s-io-cluster-name": "other"})
    roles = hosts(google_cloud, project)
    assert roles["bare"] == (Role.NODE,)
    assert "of-another" not in roles


@pytest.mark.mistake("member-left-out")
def test_an_instance_of_a_node_pool_s_instance_group_is_a_node(google_cloud: Proxy) -> None:
    url = f"https://www.googleapis.com/compute/v1/projects/acme-prod/zones/{ZONE}/instanceGroupManagers/nodes"
    project = gke()
    (cluster,) = project.lists["projects/acme-prod/locations/-/clusters"]
    cluster["nodePools"][0]["instanceGroupUrls"] = [url]
    add(project, "bare", "10.0.0.50")
    assert hosts(google_cloud, project)["bare"] == (Role.NODE,)


@pytest.mark.mistake("next-host-left-out")
def test_an_empty_node_pool_is_known_by_its_instance_group(google_cloud: Proxy) -> None:
    """Its template has no label of the cluster."""
    project = gke()
    nic = {"subnetwork": project.link(f"regions/{REGION}/subnetworks/nodes")}
    template = project.add("global", "instanceTemplates", "batch", properties={"networkInterfaces": [nic]})
    url = project.add(f"zones/{ZONE}", "instanceGroupManagers", "batch", instanceTemplate=template, targetSize=0)
    other = project.add("global", "instanceTemplates", "other", properties={"networkInterfaces": [nic]})
    project.add(f"zones/{ZONE}", "instanceGroupManagers", "other", instanceTemplate=other, targetSize=0)
    (cluster,) = project.lists["projects/acme-prod/locations/-/clusters"]
    cluster["nodePools"][0]["instanceGroupUrls"] = [url]
    google_cloud.google = Google(project)
    pools = ADAPTER.collect(CollectRequest(cluster="prod")).cluster.pools
    assert [(pool.name, pool.roles) for pool in pools] == [("batch", (Role.NODE,))]
