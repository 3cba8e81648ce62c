"""EKS with pods on second interfaces, whose own subnet and group let a whole VPN in on every port."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.installers import managed_node
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
    inner = a.subnet(net.vpc)  # OK
    a.route(inner, "10.9.0.0/16", a.vpn(net.vpc))  # OK
    pods = a.group(net.vpc, "prod-pods")  # OK
    pods.allow("all", cluster.group)  # NOT OK: node-access/control-plane
    pods.allow("all", "10.9.0.0/16")  # NOT OK: node-access/inside
    node = a.host("worker-a", net.private, [cluster.group], managed_node, role=net.node_role)  # OK
    a.second_interface(node, inner, [pods])  # OK
