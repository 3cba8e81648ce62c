"""EKS with hybrid nodes: their network and their pods reach the API over a VPN. An office does too, but must not."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean, eks_public

DECLARED = clean.DECLARED
VERDICTS = eks_public.VERDICTS | {"api-server-access": "FAIL", "node-access": "PASS"}
NODES, PODS, OFFICE = "10.80.0.0/16", "10.85.0.0/16", "10.90.0.0/16"


def build(a: Account) -> None:
    """Build the account."""
    net = eks_public.network(a)
    key = a.key()  # OK
    cluster = a.eks(
        "prod", [net.private], net.cluster_role, public=[], private=True, secrets_key=key, remote=(NODES, PODS)
    )  # NOT OK: node-access/control-plane
    gateway = a.vpn(net.vpc)  # OK
    for network in (NODES, PODS, OFFICE):
        a.route(net.private, network, gateway)  # OK
    cluster.group.allow("tcp/443", NODES)  # OK
    cluster.group.allow("tcp/443", PODS)  # OK
    cluster.group.allow("tcp/443", OFFICE)  # NOT OK: api-server-access/inside, node-access/inside
    eks_public.workers(a, net, cluster)
