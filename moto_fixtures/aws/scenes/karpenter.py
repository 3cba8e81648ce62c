"""EKS with nodes of Karpenter in a public subnet, with SSH open to the world."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import karpenter_node
from moto_fixtures.aws.scenes import clean, eks_public

DECLARED = clean.DECLARED
VERDICTS = eks_public.VERDICTS | {"api-server-access": "PASS", "node-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    net = eks_public.network(a)
    key = a.key()  # OK
    cluster = a.eks(
        "prod", [net.private], net.cluster_role, public=[clean.ADMINS], private=True, secrets_key=key
    )  # NOT OK: node-access/control-plane
    ssh = a.group(net.vpc, "karpenter-debug", {"karpenter.sh/discovery": "prod"})  # OK
    ssh.allow("tcp/22", WORLD)  # NOT OK: node-access/internet
    groups = [cluster.group, ssh]
    a.host("default-x2v9q", net.public, groups, karpenter_node, role=net.node_role, public=True)  # OK
    a.host("default-8m4zt", net.public, groups, karpenter_node, role=net.node_role, public=True)  # OK
