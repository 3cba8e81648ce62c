"""Names and tags of machines on Azure: they add roles, and take none away. The ports that follow from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from azure_clusters import CAPZ, capz_tags, kops_tags
from azure_fixtures import Subscription
from azure_handmade import HandMade, open_etcd
from azure_proxy import AzureProxy
from azure_rules import rule
from azure_variants import Variant, report_on
from cloudguard.model.cluster import Role
from cloudguard.results.report import Verdict

ROW = "etcd-access"
Tags = dict[str, str]
OWNED: Tags = {"kubernetes.io_cluster_prod": "owned"}
CAPZ_OWNED: Tags = {f"{CAPZ}cluster_prod": "owned"}
KOPS_MASTER = kops_tags(**{"k8s.io_role_control-plane": "1", "kops.k8s.io_instancegroup": "cp"})


def cluster(
    name: str = "prod-cp-0", tags: Tags | None = None, *beside: tuple[str, Tags], computer: str = ""
) -> HandMade:
    """Return a cluster whose control plane lets a subnet of others reach etcd. ``beside``: further machines."""
    account = HandMade(masters=(open_etcd(),))
    own = account.master(name, tags=tags or capz_tags("control-plane"))
    if computer:
        account.properties(own)["osProfile"]["computerName"] = computer
    account.worker(tags=capz_tags("node") if not tags or CAPZ_OWNED.keys() <= tags.keys() else dict(tags))
    for number, (other, its) in enumerate(beside):
        account.worker(other, f"10.0.1.{9 + number}", tags=its)
    return account


def capz(**more: str) -> Tags:
    return {**capz_tags("control-plane"), **more}


def fails(build: Callable[[], Subscription], says: str = "control-plane host") -> Variant:
    return Variant(build, ROW, "FAIL", ["inside:high"], says=[says])


ROLES = {
    "a tag of Kubespray for nodes": fails(lambda: cluster(tags=capz(roles="kube_node")), "host"),
    "a tag of Gardener for nodes": fails(lambda: cluster(tags=capz(**{"kubernetes.io-role-node": "1"})), "host"),
    "a tag of kops for nodes": fails(lambda: cluster(tags=capz(**{"k8s.io_role_node": "1"})), "host"),
    "a tag of RKE2 for agents": fails(lambda: cluster(tags=capz(Role="agent")), "host"),
    "a name for nodes": fails(lambda: cluster("prod-worker-9")),
    "a name for bastions": fails(lambda: cluster("bastion", capz(Name="bastion"))),
    "the name of the computer": fails(lambda: cluster(computer="worker-3")),
    "a machine named for etcd beside it": fails(lambda: cluster("prod-cp-0", None, ("prod-etcd-backup", CAPZ_OWNED))),
    "a machine tagged for etcd beside it": fails(
        lambda: cluster("prod-cp-0", None, ("backup", {**CAPZ_OWNED, "roles": "etcd,kube_node"}))
    ),
    "machines with names only, one of them for etcd": fails(
        lambda: cluster("prod-master-0", OWNED, ("prod-worker-0", OWNED), ("prod-etcd-old", OWNED))
    ),
    "names that contradict each other": Variant(
        lambda: cluster("prod-master-0", OWNED, computer="worker-0"), ROW, "UNKNOWN", says=["role"]
    ),
    "a tag that anyone writes, against the name": Variant(
        lambda: cluster("prod-master-0", {**OWNED, "Role": "agent"}), ROW, "UNKNOWN", says=["control plane"]
    ),
    "a flag for another host": Variant(
        lambda: cluster("prod-cp-0", None, ("extra", {})),
        ROW,
        "FAIL",
        ["inside:high"],
        hosts={"extra": [Role.CONTROL_PLANE]},
        says=["control-plane host"],
    ),
}


@pytest.mark.mistake("role-removed")
@pytest.mark.parametrize("variant", ROLES.values(), ids=ROLES)
def test_no_name_or_tag_takes_a_role_from_a_host(azure_cloud: AzureProxy, variant: Variant) -> None:
    variant.check(azure_cloud)


def opened(ports: str, name: str = "prod-cp-0", tags: Tags | None = None, *, worker: str = "prod-node-1") -> HandMade:
    """Return a cluster whose control plane lets the world, or for etcd a subnet of others, reach ``ports``."""
    account = HandMade(masters=(open_etcd(ports),))
    account.master(name, tags=tags or capz_tags("control-plane"))
    account.worker(worker, tags=capz_tags("node") if tags is None else dict(tags))
    return account


def world(ports: str, name: str = "prod-cp-0", tags: Tags | None = None) -> HandMade:
    """Return a cluster whose control plane has a public address, and lets the world reach ``ports``."""
    account = HandMade(masters=(rule("world", 150, ports, "Internet"),))
    account.master(name, tags=tags or capz_tags("control-plane"), public=account.public_address("cp", "20.71.0.9"))
    account.worker(tags=capz_tags("node") if tags is None else dict(tags))
    return account


def behind(front: int, port: int) -> HandMade:
    """Return a cluster with a public balancer from a port of its own to a port of the control plane."""
    account = HandMade(masters=(rule("world", 150, str(port), "Internet"),))
    balancer = account.load_balancer("api", (front, port), public=account.public_address("api", "20.71.0.9"))
    account.master(pools=[account.pool(balancer)])
    account.worker()
    return account


NOT_CLOSED = frozenset({Verdict.FAIL, Verdict.UNKNOWN})
ETCD_PORTS: Mapping[str, Callable[[], Subscription]] = {
    "etcd of kops, without its signs": lambda: opened("4001"),
    "the second etcd of kops, without its signs": lambda: opened("4002"),
    "etcd of MicroK8s": lambda: opened("19001"),
    "the older port of MicroK8s": lambda: opened("12379"),
    "the first port of etcd": lambda: opened("7001"),
    "peers of kops' etcd": lambda: opened("2381"),
    "etcd's own port, with a tag of kops' roles only": lambda: opened("2379", tags=KOPS_MASTER),
    "etcd's own port, beside a machine named for MicroK8s": lambda: opened("2379", worker="microk8s-migration"),
    "a range that ends at etcd's port": lambda: opened("1-2379"),
}
API_PORTS: Mapping[str, Callable[[], Subscription]] = {
    "443": lambda: world("443"),
    "8443": lambda: world("8443"),
    "16443, of MicroK8s": lambda: world("16443"),
    "9345, of RKE2's supervisor": lambda: world("9345", "rke2-server-0", {**OWNED}),
    "6443, with a tag of kops' roles only": lambda: world("6443", tags=KOPS_MASTER),
    "a balancer's 443 for the host's 6443": lambda: behind(443, 6443),
    "a balancer's 8443 for the host's 443": lambda: behind(8443, 443),
    "a balancer's 9999 for the host's 6443": lambda: behind(9999, 6443),
}


@pytest.mark.mistake("port-removed")
@pytest.mark.parametrize(
    ("row", "build"),
    [
        *(("etcd-access", build) for build in ETCD_PORTS.values()),
        *(("api-server-access", build) for build in API_PORTS.values()),
    ],
    ids=[*ETCD_PORTS, *API_PORTS],
)
def test_without_strong_evidence_every_possible_port_is_looked_at(
    azure_cloud: AzureProxy, row: str, build: Callable[[], Subscription]
) -> None:
    report = report_on(azure_cloud, build())
    assert report.row(row).verdict in NOT_CLOSED, report.row(row).why
