"""An account with several clusters: clusters of kops in separate networks, and a cluster of EKS."""

from __future__ import annotations

from collections.abc import Iterable

from moto_fixtures.aws.builder import WORLD, Account, Tags

DISTINCT = ("alpha", "beta")
"""The names of clusters of kops. Each has a different problem."""
MANAGED = "managed"
"""The name of the cluster of EKS."""


def account_with_clusters(a: Account, names: Iterable[str] = DISTINCT, *, managed: bool = True) -> None:
    """Create clusters of kops with these names, and one cluster of EKS if ``managed``."""
    for number, name in enumerate(names):
        _kops(a, name, number)
    if managed:
        vpc = a.vpc("10.9.0.0/16")
        a.eks(MANAGED, [a.subnet(vpc), a.subnet(vpc, zone="b")], a.role("eks-cluster", service="eks"))


def _kops(a: Account, name: str, number: int) -> None:
    """Create one host with etcd behind a load balancer, and one node.

    If ``number`` is even, the API is open to the internet; if it is odd, SSH of the node.
    """
    tags: Tags = {f"kubernetes.io/cluster/{name}": "owned", "KubernetesCluster": name}
    vpc = a.vpc(f"10.{number}.0.0/16")
    subnet = a.subnet(vpc, public=True)
    masters, nodes = a.group(vpc, f"masters.{name}"), a.group(vpc, f"nodes.{name}")
    masters.allow("tcp/443", nodes)
    (nodes if number % 2 else masters).allow("tcp/22" if number % 2 else "tcp/443", WORLD)
    roles = {role: a.role(f"{role}.{name}") for role in ("masters", "nodes")}
    master = a.host(
        f"master-a.{name}", subnet, [masters], tags | {"k8s.io/role/control-plane": "1"}, role=roles["masters"]
    )
    a.host(f"node-a.{name}", subnet, [nodes], tags | {"k8s.io/role/node": "1"}, role=roles["nodes"])
    a.volume(master, tags | {"k8s.io/etcd/main": "a/a"})
    balancer = a.nlb(f"api-{name}", subnet, [masters])
    a.listener(balancer, 443, [master], 443)
