"""Several clusters of one project in one run: the same reports as single checks, and each list is read once."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from cloudguard.provider.port import CollectRequest
from cloudguard_gcp import ADAPTER
from command import ran
from gcp_clusters import WORLD, gke
from gcp_project import Project
from gcp_proxy import Proxy
from gcp_server import Google, ids
from several import assert_each_is_as_alone


def _two() -> Project:
    """Return the GKE cluster "prod" and the kops cluster "stage", whose node's SSH is open, in one network."""
    project = gke()
    network = project.link("global/networks/default")
    subnet = project.link("regions/europe-west1/subnetworks/nodes")
    labels = {"k8s-io-cluster-name": "stage"}
    project.disk("etcd", labels=labels | {"k8s-io-etcd-main": "a/a"})
    disk = {"source": project.link("zones/europe-west1-b/disks/etcd"), "type": "PERSISTENT", "deviceName": "etcd"}
    masters, nodes = (f"stage-k8s-io-role-{role}" for role in ("control-plane", "node"))
    project.instance("master-a", subnet, "10.0.0.20", tags=[masters], labels=labels, disks=[disk])
    project.instance("node-a", subnet, "10.0.0.21", tags=[nodes], labels=labels, public="34.76.0.9")
    project.firewall(network, "stage-ssh", "tcp:22", WORLD, targetTags=[nodes])
    return project


def test_each_report_equals_that_of_the_cluster_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, google_cloud: Proxy
) -> None:
    google_cloud.google = Google(_two())
    assert_each_is_as_alone(capsys, monkeypatch, "gcp", "prod", "stage")
    asked = Counter(ids(google_cloud.google))
    assert asked["compute.instances.aggregatedList"] == 3, "one for both clusters, and one for each alone"


def test_clusters_with_one_name_in_two_places_are_both_checked(
    capsys: pytest.CaptureFixture[str], google_cloud: Proxy
) -> None:
    project = gke()
    twin = {"location": "europe-west1-b", "endpoint": "34.77.0.2"}
    clusters = project.lists["projects/acme-prod/locations/-/clusters"]
    clusters.append({**clusters[0], **twin})
    google_cloud.google = Google(project)
    out = ran(capsys, "check", "gcp", "--cluster", "prod", "--cluster", "none", "-f", "json")[1]
    clusters = [report["cluster"] for report in json.loads(out)["reports"]]
    places = [(cluster["regions"], cluster["place"]) for cluster in clusters]
    assert places == [(["europe-west1"], ""), (["europe-west1"], "europe-west1-b"), ([], "")]


def _twins() -> Project:
    """Return a GKE cluster and a self-managed one, which are both called "prod"."""
    project = _two()
    for list_ in project.lists["projects/acme-prod/zones/europe-west1-b/instances"]:
        if "k8s-io-cluster-name" in list_["labels"]:
            list_["labels"] = {"k8s-io-cluster-name": "prod"}
            list_["metadata"] = {"items": [{"key": "cluster-name", "value": "prod"}]}
    made_of = {"labels": {"k8s-io-cluster-name": "prod"}, "networkInterfaces": [{"network": project.link("x/y/z")}]}
    template = project.add("global", "instanceTemplates", "kops", properties=made_of)
    project.add("zones/europe-west1-b", "instanceGroupManagers", "kops", instanceTemplate=template, targetSize=0)
    return project


@pytest.mark.mistake("member-left-out")
def test_a_self_managed_cluster_beside_a_gke_cluster_of_its_name(
    capsys: pytest.CaptureFixture[str], google_cloud: Proxy
) -> None:
    google_cloud.google = Google(_twins())
    by_place = {
        place: ADAPTER.collect(CollectRequest(cluster="prod", options={"location": (place,)})).cluster
        for place in ("europe-west1", "self-managed")
    }
    assert {place: [host.name for host in cluster.hosts] for place, cluster in by_place.items()} == {
        "europe-west1": ["gke-prod-main-1", "gke-prod-main-2"],
        "self-managed": ["master-a", "node-a"],
    }
    assert [(cluster.installer, [pool.name for pool in cluster.pools]) for cluster in by_place.values()] == [
        ("gke", []),
        ("kops", ["kops"]),
    ]
    listed = [(cluster.installer, cluster.options) for cluster in ADAPTER.discover(CollectRequest(cluster=""))]
    assert listed == [("gke", (("location", "europe-west1"),)), ("kops", (("location", "self-managed"),))]
    out = ran(capsys, "check", "gcp", "--cluster", "prod", "--cluster", "none", "-f", "json")[1]
    assert [report["cluster"]["installer"] for report in json.loads(out)["reports"]][:2] == ["gke", "kops"]
