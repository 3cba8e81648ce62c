"""OpenShift by the CloudFormation templates for infrastructure of the user's own: a cluster's tag, and no names.

openshift/installer upi/aws/cloudformation: 02_cluster_infra.yaml, 03_cluster_security.yaml,
05_cluster_master_nodes.yaml, 06_cluster_worker_node.yaml. Only the balancer for the machine
config server (22623) shows the installer.
"""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.needed import CONTROL_PLANE, needed
from moto_fixtures.aws.scene import Declared

SHARED = {"kubernetes.io/cluster/prod-x7k2p": "shared"}
DECLARED = Declared()
VERDICTS = {
    "api-server-access": "FAIL",
    "node-access": "PASS",
    "cloud-api-access": "PASS",
    "etcd-access": "PASS",
    "etcd-encryption": "FAIL",
}


def build(a: Account) -> None:
    """Build the account."""
    vpc = a.vpc("10.0.0.0/16")  # OK
    public = a.subnet(vpc, public=True, tags=SHARED)  # OK
    private = a.subnet(vpc, tags=SHARED)  # OK
    nat = a.nat(public)  # OK
    a.route(private, WORLD, nat)  # OK
    masters = a.group(vpc, "security-MasterSecurityGroup-1A")  # OK
    workers = a.group(vpc, "security-WorkerSecurityGroup-1B")  # OK
    masters.allow("tcp/6443", vpc.cidr)  # NOT OK: api-server-access/inside
    masters.allow("tcp/22623,tcp/22", vpc.cidr)  # NOT OK: node-access/inside
    workers.allow("tcp/22", vpc.cidr)  # NOT OK: node-access/inside
    masters.allow("icmp/0/0", vpc.cidr)  # OK
    masters.allow("tcp/2379-2380", masters)  # OK
    masters.allow("tcp/10250-10259,tcp/9000-9999,udp/9000-9999,udp/4789,udp/6081", masters, workers)  # OK
    workers.allow("tcp/10250,tcp/9000-9999,udp/9000-9999,udp/4789,udp/6081", masters, workers)  # OK
    controllers = a.role("security-MasterIamRole-1C", *needed(*CONTROL_PLANE, cluster="prod-x7k2p"))  # OK
    kubelets = a.role("security-WorkerIamRole-1D", *needed("node"))  # OK
    hosts = [
        a.host("", private, [masters], SHARED, role=controllers, encrypted=False) for _ in range(3)
    ]  # NOT OK: etcd-encryption/disk
    a.host("", private, [workers], SHARED, role=kubelets, encrypted=False)  # OK
    api = a.nlb("api-ext-prod", public)  # NOT OK: api-server-access/internet
    a.listener(api, 6443, hosts, 6443, by_address=True, name="external")  # OK
    inner = a.nlb("api-int-prod", private, internal=True)  # NOT OK: api-server-access/inside, node-access/inside
    a.listener(inner, 6443, hosts, 6443, by_address=True, name="internal")  # OK
    a.listener(inner, 22623, hosts, 22623, by_address=True, name="service")  # OK
