"""A cluster of Cluster API without findings: hosts without public addresses, restricted groups.

Other scenes build it and add one problem.
"""

from __future__ import annotations

from dataclasses import dataclass

from cloudguard.needs.declarations import Declarations
from moto_fixtures.aws.builder import WORLD, Account, Balancer, Group, Host, Role, Subnet, Vpc
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.needed import CAPA_CONTROL_PLANE, CAPA_NODE, needed
from moto_fixtures.aws.scene import Declared

ADMINS = "198.51.100.0/24"
DECLARED = Declared(Declarations(admin_cidrs=(ADMINS,)))
VERDICTS = {
    "api-server-access": "PASS",
    "node-access": "PASS",
    "cloud-api-access": "PASS",
    "etcd-access": "PASS",
    "etcd-encryption": "PASS",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Resources for the scenes that extend this one."""

    vpc: Vpc
    public: Subnet
    private: Subnet
    lb: Group
    masters: Group
    nodes: Group
    node_role: Role
    control_plane: Host
    worker: Host
    api: Balancer


def build(a: Account, *, ipv6: bool = False) -> Cluster:
    """Build the account."""
    vpc = a.vpc("10.0.0.0/16", ipv6=ipv6)  # OK
    public = a.subnet(vpc, public=True)  # OK
    private = a.subnet(vpc)  # OK
    nat = a.nat(public)  # OK
    a.route(private, WORLD, nat)  # OK
    lb = a.group(vpc, "prod-apiserver-lb")  # OK
    masters = a.group(vpc, "prod-controlplane")  # OK
    nodes = a.group(vpc, "prod-node")  # OK
    lb.allow("tcp/6443", ADMINS, masters, nodes)  # OK
    masters.allow("tcp/6443", lb, masters, nodes)  # OK
    masters.allow("tcp/2379-2380", masters)  # OK
    masters.allow("tcp/10250", masters)  # OK
    nodes.allow("tcp/10250", masters, nodes)  # OK
    masters.allow("tcp/179,proto/4", masters, nodes)  # OK
    nodes.allow("tcp/179,proto/4", masters, nodes)  # OK
    controllers = a.role("control-plane.prod", *needed(*CAPA_CONTROL_PLANE))  # OK
    kubelets = a.role("nodes.prod", *needed(*CAPA_NODE))  # OK
    control_plane = a.host("prod-control-plane-a", private, [masters], capa.control_plane, role=controllers)  # OK
    worker = a.host("prod-md-0-a", private, [nodes], capa.node, role=kubelets)  # OK
    a.host("prod-md-0-b", private, [nodes], capa.node, role=kubelets)  # OK
    api = a.nlb("prod-apiserver", public, [lb])  # OK
    a.listener(api, 6443, [control_plane], 6443)  # OK
    return Cluster(vpc, public, private, lb, masters, nodes, kubelets, control_plane, worker, api)
