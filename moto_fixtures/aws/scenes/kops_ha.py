"""kops with its defaults: three control-plane hosts in private subnets behind a network load balancer.

The API is open to the world (kops' default). Nodes can't reach etcd's own ports, because kops leaves 2380, 2381, 4001
and 4002 out of its rules. They can reach its etcd-manager (3994-3997) and metrics, which are inside the open ranges.
"""

from __future__ import annotations

from dataclasses import dataclass

from moto_fixtures.aws.builder import WORLD, Account, Group, Host, Subnet, Vpc
from moto_fixtures.aws.installers import etcd_volume, kops
from moto_fixtures.aws.needed import KOPS, needed
from moto_fixtures.aws.scene import Declared

DECLARED = Declared()
VERDICTS = {
    "api-server-access": "FAIL",
    "node-access": "PASS",
    "cloud-api-access": "PASS",
    "etcd-access": "PASS",
    "etcd-encryption": "PASS",
}


@dataclass(frozen=True, slots=True)
class Cluster:
    """Resources for the scenes that extend this one."""

    vpc: Vpc
    utility: Subnet
    masters: Group
    nodes: Group
    control_plane: tuple[Host, ...]


def build(a: Account) -> Cluster:
    """Build the account."""
    vpc = a.vpc("172.20.0.0/16")  # OK
    utility = a.subnet(vpc, public=True)  # OK
    zones = [a.subnet(vpc, zone=zone) for zone in "abc"]  # OK
    nat = a.nat(utility)  # OK
    for zone in zones:
        a.route(zone, WORLD, nat)  # OK
    lb = a.group(vpc, "api-elb.prod")  # OK
    masters = a.group(vpc, "masters.prod")  # OK
    nodes = a.group(vpc, "nodes.prod")  # OK
    lb.allow("tcp/443", WORLD)  # NOT OK: api-server-access/internet
    lb.allow("all", nodes)  # OK
    masters.allow("tcp/443,tcp/3988", lb)  # OK
    masters.allow("all", masters)  # OK
    masters.allow("tcp/1-2379", nodes)  # OK
    masters.allow("tcp/2382-4000", nodes)  # NOT OK: etcd-access/auxiliary
    masters.allow("tcp/4003-65535,udp/1-65535", nodes)  # OK
    nodes.allow("all", masters)  # NOT OK: node-access/control-plane
    nodes.allow("all", nodes)  # OK
    controllers = a.role("masters.prod", *needed(*KOPS))  # OK
    kubelets = a.role("nodes.prod")  # OK
    hosts = [
        a.host(f"master-{zone.zone}", zone, [masters], kops.control_plane, role=controllers) for zone in zones
    ]  # OK
    for zone in zones[:2]:
        a.host(f"node-{zone.zone}", zone, [nodes], kops.node, role=kubelets)  # OK
    key = a.key()  # OK
    for host in hosts:
        a.volume(host, etcd_volume("main"), key=key)  # OK
    api = a.nlb("api-prod", utility, [lb])  # OK
    a.listener(api, 443, hosts, 443)  # OK
    return Cluster(vpc, utility, masters, nodes, tuple(hosts))
