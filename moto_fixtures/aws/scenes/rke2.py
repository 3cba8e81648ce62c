"""RKE2 behind a public balancer, with a bastion in the cluster's group, as rancherfederal/rke2-aws-tf installs it.

main.tf, examples/public-lb, modules/nodepool, modules/nlb, modules/statestore: the cluster's tag, and no tag that shows
a role by itself. Hosts read the cluster's token from a bucket, and their disks are not encrypted.
"""

from __future__ import annotations

from cloudguard.needs.declarations import Declarations
from moto_fixtures.aws.builder import WORLD, Account, statement
from moto_fixtures.aws.installers import OWNED
from moto_fixtures.aws.needed import CONTROL_PLANE, needed
from moto_fixtures.aws.scene import Declared

DECLARED = Declared(Declarations(etcd_ports=("tcp/2379-2382",)))
VERDICTS = {
    "api-server-access": "FAIL",
    "node-access": "FAIL",
    "cloud-api-access": "FAIL",
    "etcd-access": "FAIL",
    "etcd-encryption": "FAIL",
}
SERVER, AGENT = OWNED | {"Role": "server"}, OWNED | {"Role": "agent", "ClusterType": "rke2"}


def build(a: Account) -> None:
    """Build the account."""
    vpc = a.vpc("10.0.0.0/16")  # OK
    public = a.subnet(vpc, public=True)  # OK
    private = a.subnet(vpc)  # OK
    nat = a.nat(public)  # OK
    a.route(private, WORLD, nat)  # OK
    cluster = a.group(vpc, "prod-rke2-cluster")  # OK
    cluster.allow(
        "all", cluster
    )  # NOT OK: api-server-access/inside, node-access/inside, node-access/control-plane, etcd-access/inside
    servers = a.group(vpc, "prod-rke2-server")  # OK
    front = a.group(vpc, "prod-rke2-cp")  # OK
    front.allow("tcp/6443,tcp/9345", WORLD)  # NOT OK: api-server-access/internet
    servers.allow("tcp/6443,tcp/9345", front)  # OK
    token = statement("s3:GetObject", resource="arn:aws:s3:::prod-rke2/token")
    election = statement("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances")
    kubeconfig = statement("s3:PutObject", resource="arn:aws:s3:::prod-rke2/rke2.yaml")
    server = a.role(
        "prod-rke2-server", *needed(*CONTROL_PLANE), token, election, kubeconfig
    )  # NOT OK: cloud-api-access/metadata
    agent = a.role("prod-generic-rke2-agent", *needed("node"), token)  # NOT OK: cloud-api-access/metadata
    hosts = [
        a.host(
            "prod-server-rke2-nodepool", private, [cluster, servers], SERVER, role=server, encrypted=False, hops=3
        )  # NOT OK: etcd-encryption/disk
        for _ in range(3)
    ]
    a.host("prod-generic-agent-rke2-nodepool", private, [cluster], AGENT, role=agent, encrypted=False, hops=2)  # OK
    api = a.nlb("prod-rke2-cp", public, [front])  # OK
    a.listener(api, 6443, hosts, 6443)  # OK
    a.listener(api, 9345, hosts, 9345)  # OK
    ssh = a.group(vpc, "prod-bastion")  # OK
    ssh.allow("tcp/22", WORLD)  # OK
    a.host("prod-bastion", public, [ssh, cluster], public=True)  # OK
