"""Labels, tags and names that contradict an installer's: no host loses a role by them, and no port is left out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gcp_clusters import WORLD, capg, kops
from gcp_judged import API, ETCD, MASTERS, NETWORK, NODE, NODES, Shape, assert_shape, machine, opened, public
from gcp_project import ZONE, Project
from gcp_proxy import Proxy

INSIDE = "10.0.0.0/8"
ETCD_PORTS = "tcp:2379-2382,4001-4003"
PROXIES = ("35.191.0.0/16", "130.211.0.0/22")


def reworded(project: Project, name: str, *tags: str, **labels: str) -> Project:
    """Return a project whose instance ``name`` has further tags and labels ("_" for "-")."""
    item = machine(project, name)
    item["tags"]["items"] += tags
    item["labels"] |= {key.replace("_", "-"): value for key, value in labels.items()}
    return project


def etcd_open(project: Project, *targets: str) -> Project:
    return opened(project, ETCD_PORTS, INSIDE, targetTags=[*targets])


def two_masters(**labels: str) -> Project:
    """Return a kops cluster whose second control-plane host, with these labels, is open on etcd's ports."""
    project = kops()
    project.disk("etcd-b", labels={"k8s-io-cluster-name": "prod", "k8s-io-etcd-main": "b-2fab"})
    link = project.link("zones/europe-west1-b/disks/etcd-b")
    disks = [{"source": link, "type": "PERSISTENT", "deviceName": "etcd-b"}]
    named = {"k8s-io-cluster-name": "prod"} | {key.replace("_", "-"): value for key, value in labels.items()}
    project.instance(
        "master-b",
        project.link("regions/europe-west1/subnetworks/nodes"),
        "10.0.0.3",
        tags=[MASTERS, "b"],
        labels=named,
        disks=disks,
    )
    return etcd_open(project, "b")


ROLES: dict[str, Shape] = {
    "a label in free words": (lambda: etcd_open(reworded(kops(), "master-a", role="worker")), ETCD, "FAIL"),
    "the installer's label of another role": (
        lambda: etcd_open(reworded(kops(), "master-a", k8s_io_role_node="")),
        ETCD,
        "FAIL",
    ),
    "the tag of nodes": (lambda: etcd_open(reworded(kops(), "master-a", NODES)), ETCD, "FAIL"),
    "the tag of bastions on the control plane": (
        lambda: etcd_open(reworded(kops(), "master-a", "prod-k8s-io-role-bastion")),
        ETCD,
        "FAIL",
    ),
    "the label of another installer": (lambda: etcd_open(reworded(kops(), "master-a", capg_role="node")), ETCD, "FAIL"),
    "the label of a GKE node pool": (
        lambda: etcd_open(reworded(kops(), "master-a", goog_k8s_node_pool_name="main")),
        ETCD,
        "FAIL",
    ),
    "the label of API servers without etcd": (
        lambda: etcd_open(reworded(kops(), "master-a", k8s_io_role_apiserver="")),
        ETCD,
        "FAIL",
    ),
    "a tag with the cluster's name": (lambda: etcd_open(reworded(kops(), "master-a", "prod-worker")), ETCD, "FAIL"),
    "the label of a node on a second control-plane host": (lambda: two_masters(k8s_io_role_node=""), ETCD, "FAIL"),
    "a free label on a second control-plane host": (lambda: two_masters(component="worker"), ETCD, "FAIL"),
    "a bastion's tag on a node": (
        lambda: opened(
            public(reworded(kops(), "node-1", "bastion", "prod-k8s-io-role-bastion"), "node-1"),
            "tcp:22",
            WORLD,
            targetTags=[NODES],
        ),
        NODE,
        "FAIL",
    ),
    "a control plane's tag on a node": (
        lambda: opened(reworded(kops(), "node-1", MASTERS), "tcp:10250", INSIDE, targetTags=[NODES]),
        NODE,
        "FAIL",
    ),
    "a worker's role on a machine of Cluster API's control plane": (
        lambda: etcd_open(reworded(capg(), "prod-control-plane", capg_role="node", k8s_io_role_control_plane="")),
        ETCD,
        "FAIL",
    ),
}


@pytest.mark.mistake("role-removed")
@pytest.mark.parametrize("shape", ROLES.values(), ids=ROLES)
def test_no_word_takes_a_role_away(google_cloud: Proxy, shape: Shape) -> None:
    assert_shape(google_cloud, shape)


def on_master(ports: str, source: str, build: Callable[[], Project] = kops) -> Project:
    """Return a cluster whose control plane has a public address, and lets ``source`` in to ``ports``."""
    project = build()
    name, tag = ("master-a", MASTERS) if build is not capg else ("prod-control-plane", "prod-control-plane")
    return opened(public(project, name), ports, source, targetTags=[tag])


def without_marks() -> Project:
    """Return a kops cluster in which no label shows etcd's disk, so that another installer may have made it."""
    project = kops()
    for disk in project.lists["projects/acme-prod/zones/europe-west1-b/disks"]:
        disk.pop("labels", None)
    return project


def renamed(word: str, ports: str) -> Project:
    """Return a Cluster API cluster whose machines have the name of a distribution, open on ``ports``."""
    project = on_master(ports, WORLD, capg)
    for item in project.lists["projects/acme-prod/zones/europe-west1-b/instances"]:
        item["name"] = item["name"].replace("prod-", f"{word}-")
    return project


def behind_a_proxy(front: int, target: int, *, by_address: bool = False) -> Project:
    """Return a cluster whose control plane is behind a global proxy, by a group of instances or of endpoints."""
    project = opened(kops(), f"tcp:{target}", *PROXIES, targetTags=[MASTERS])
    where = f"zones/{ZONE}"
    if by_address:
        group = project.add(where, "networkEndpointGroups", "n", networkEndpointType="GCE_VM_IP_PORT")
        endpoint = {"networkEndpoint": {"instance": "master-a", "ipAddress": "10.0.0.2", "port": target}}
        path = f"projects/acme-prod/{where}/networkEndpointGroups/n/listNetworkEndpoints"
        project.answer("compute", path, {"items": [endpoint]}, "POST")
    else:
        named = [{"name": "api", "port": target}]
        group = project.add(where, "instanceGroups", "n", network=project.link(NETWORK), namedPorts=named)
        members = {"items": [{"instance": project.link(f"{where}/instances/master-a")}]}
        project.answer("compute", f"projects/acme-prod/{where}/instanceGroups/n/listInstances", members, "POST")
    service = project.add("global", "backendServices", "n", backends=[{"group": group}], portName="api", protocol="TCP")
    proxy = project.add("global", "targetTcpProxies", "n", service=service)
    rest = {"IPProtocol": "TCP", "portRange": f"{front}-{front}", "IPAddress": "34.140.0.8"}
    project.add("global", "forwardingRules", "n", target=proxy, loadBalancingScheme="EXTERNAL", **rest)
    return project


PORTS: dict[str, Shape] = {
    "the API of kops": (lambda: on_master("tcp:443", WORLD), API, "FAIL"),
    "the second port of kops' balancer": (lambda: on_master("tcp:8443", WORLD), API, "FAIL"),
    "a port of etcd's peers": (lambda: on_master("tcp:2381", INSIDE), ETCD, "FAIL"),
    "a port of etcd for events": (lambda: on_master("tcp:4002", INSIDE), ETCD, "FAIL"),
    "kubeadm's API where only weak marks name kops": (lambda: on_master("tcp:6443", WORLD, without_marks), API, "FAIL"),
    "kubeadm's etcd where only weak marks name kops": (
        lambda: on_master("tcp:2379", INSIDE, without_marks),
        ETCD,
        "FAIL",
    ),
    "MicroK8s' dqlite where only weak marks name kops": (
        lambda: on_master("tcp:19001", INSIDE, without_marks),
        ETCD,
        "UNKNOWN",
    ),
    "the supervisor of RKE2, by names": (lambda: renamed("rke2", "tcp:9345"), API, "UNKNOWN"),
    "the API of a K3s cluster, by names": (lambda: renamed("k3s", "tcp:6443"), API, "FAIL"),
    "the API of MicroK8s, by names": (lambda: renamed("microk8s", "tcp:16443"), API, "UNKNOWN"),
    "another installer's port than the names suggest": (lambda: renamed("k3s", "tcp:443"), API, "UNKNOWN"),
    "the target port of a balancer on 443": (lambda: behind_a_proxy(443, 7443), API, "FAIL"),
    "the target port of a balancer on 6443": (lambda: behind_a_proxy(6443, 7443), API, "FAIL"),
    "the endpoint's port of a balancer on 443": (lambda: behind_a_proxy(443, 7443, by_address=True), API, "FAIL"),
    "the endpoint's port of a balancer on 8443": (lambda: behind_a_proxy(8443, 8443, by_address=True), API, "FAIL"),
}


@pytest.mark.mistake("port-removed")
@pytest.mark.parametrize("shape", PORTS.values(), ids=PORTS)
def test_no_port_of_the_api_or_etcd_is_left_out(google_cloud: Proxy, shape: Shape) -> None:
    assert_shape(google_cloud, shape)
