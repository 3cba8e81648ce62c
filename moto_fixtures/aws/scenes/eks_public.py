"""EKS with its defaults: a public endpoint for the whole world, Secrets encrypted with the provider's own key."""

from __future__ import annotations

from dataclasses import dataclass

from moto_fixtures.aws.builder import WORLD, Account, Eks, Group, Role, Subnet, Vpc
from moto_fixtures.aws.installers import managed_node
from moto_fixtures.aws.scene import Declared

DECLARED = Declared()
VERDICTS = {
    "api-server-access": "FAIL",
    "node-access": "PASS",
    "cloud-api-access": "PASS",
    "etcd-access": "PROVIDER",
    "etcd-encryption": "PROVIDER",
}


@dataclass(frozen=True, slots=True)
class Network:
    """The network and the roles of the EKS scenes."""

    vpc: Vpc
    public: Subnet
    private: Subnet
    cluster_role: Role
    node_role: Role


def network(a: Account) -> Network:
    """Make the network and the roles of an EKS scene."""
    vpc = a.vpc("10.0.0.0/16")  # OK
    public = a.subnet(vpc, public=True)  # OK
    private = a.subnet(vpc)  # OK
    nat = a.nat(public)  # OK
    a.route(private, WORLD, nat)  # OK
    cluster = a.role("eks-cluster", service="eks")  # NOT OK: cloud-api-access/imposed, cloud-api-access/laundering
    a.managed(cluster, "AmazonEKSClusterPolicy")  # OK
    nodes = a.role("eks-nodes")  # NOT OK: cloud-api-access/imposed
    a.managed(nodes, "AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly")  # OK
    return Network(vpc, public, private, cluster, nodes)


def workers(a: Account, net: Network, cluster: Eks, *groups: Group) -> None:
    """Make a managed node group and its hosts."""
    a.nodegroup(cluster, "workers", net.node_role)  # OK
    for zone in "ab":
        a.host(f"worker-{zone}", net.private, [cluster.group, *groups], managed_node, role=net.node_role)  # OK


def build(a: Account) -> None:
    """Build the account."""
    net = network(a)
    cluster = a.eks(
        "prod", [net.private], net.cluster_role
    )  # NOT OK: api-server-access/internet, etcd-encryption/secrets, node-access/control-plane
    workers(a, net, cluster)
