"""RKE2 from its Terraform module: servers and agents share one group that lets itself in, so agents reach etcd."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import OWNED
from moto_fixtures.aws.needed import CONTROL_PLANE, needed
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"etcd-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    vpc = a.vpc("10.0.0.0/16")  # OK
    public = a.subnet(vpc, public=True)  # OK
    private = a.subnet(vpc)  # OK
    nat = a.nat(public)  # OK
    a.route(private, WORLD, nat)  # OK
    shared = a.group(vpc, "prod-rke2-cluster")  # OK
    front = a.group(vpc, "prod-rke2-cp-elb")  # OK
    shared.allow("all", shared)  # NOT OK: etcd-access/inside, node-access/control-plane
    shared.allow("tcp/6443,tcp/9345", front)  # OK
    front.allow("tcp/6443", clean.ADMINS)  # OK
    servers = a.role("prod-rke2-server", *needed(*CONTROL_PLANE))  # OK
    agents = a.role("prod-rke2-agent", *needed("node"))  # OK
    server = a.host("prod-server-a", private, [shared], OWNED, role=servers)  # OK
    a.host("prod-agent-a", private, [shared], OWNED, role=agents)  # OK
    api = a.nlb("prod-rke2-cp", public, [front])  # OK
    a.listener(api, 6443, [server], 6443)  # OK
    a.listener(api, 9345, [server], 9345)  # OK
