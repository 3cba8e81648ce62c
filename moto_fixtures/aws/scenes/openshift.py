"""OpenShift on infrastructure made by its user: names from its templates show the roles, no tag does.

Its template lets the whole VPC in to the API, the machine config server (22623) and SSH.
"""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.needed import CONTROL_PLANE, needed
from moto_fixtures.aws.scene import Declared

OWNED = {"kubernetes.io/cluster/prod-x7k2p": "owned"}
DECLARED = Declared()
VERDICTS = {
    "api-server-access": "FAIL",
    "node-access": "PASS",
    "cloud-api-access": "PASS",
    "etcd-access": "PASS",
    "etcd-encryption": "PASS",
}


def build(a: Account) -> None:
    """Build the account."""
    vpc = a.vpc("10.0.0.0/16")  # OK
    public = a.subnet(vpc, public=True)  # OK
    private = a.subnet(vpc)  # OK
    nat = a.nat(public)  # OK
    a.route(private, WORLD, nat)  # OK
    masters = a.group(vpc, "prod-master-sg", OWNED)  # OK
    workers = a.group(vpc, "prod-worker-sg", OWNED)  # OK
    masters.allow("tcp/6443", WORLD)  # NOT OK: api-server-access/internet
    masters.allow("tcp/22623,tcp/22", vpc.cidr)  # NOT OK: node-access/inside
    masters.allow("icmp", vpc.cidr)  # OK
    masters.allow("tcp/2379-2380", masters)  # OK
    masters.allow("tcp/10250-10259,tcp/9000-9999,udp/4789,udp/6081", masters, workers)  # OK
    workers.allow("tcp/10250,tcp/9000-9999,udp/4789,udp/6081", masters, workers)  # OK
    statements = needed(*CONTROL_PLANE, cluster="prod-x7k2p")
    controllers = a.role("prod-master-role", *statements, profile="prod-master-profile")  # OK
    kubelets = a.role("prod-worker-role", *needed("node"), profile="prod-worker-profile")  # OK
    hosts = [a.host(f"prod-x7k2p-master-{index}", private, [masters], OWNED, role=controllers) for index in "01"]  # OK
    a.host("prod-x7k2p-worker-a-1", private, [workers], OWNED, role=kubelets)  # OK
    api = a.nlb("prod-x7k2p-ext", public, tags=OWNED)  # OK
    a.listener(api, 6443, hosts, 6443, by_address=True, preserve=True, name="prod-x7k2p-aext")  # OK
    inner = a.nlb("prod-x7k2p-int", private, internal=True, tags=OWNED)  # NOT OK: node-access/inside
    a.listener(inner, 22623, hosts, 22623, by_address=True, name="prod-x7k2p-sint")  # OK
