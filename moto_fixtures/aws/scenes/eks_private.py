"""EKS without a public endpoint. The cluster's group lets the whole VPC in to the API and the kubelets.

Nodes are in the cluster's own group too, so its rules for the API also apply to the nodes.
"""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scene import Declared
from moto_fixtures.aws.scenes import eks_public

DECLARED = Declared()
VERDICTS = eks_public.VERDICTS | {"api-server-access": "PASS", "node-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    net = eks_public.network(a)
    key = a.key(rotates=False)  # NOT OK: etcd-encryption/rotation
    cluster = a.eks(
        "prod", [net.private], net.cluster_role, public=[], private=True, secrets_key=key
    )  # NOT OK: node-access/control-plane
    cluster.group.allow("tcp/443", net.vpc.cidr)  # NOT OK: api-server-access/inside, node-access/inside
    cluster.group.allow("tcp/10250", net.vpc.cidr)  # NOT OK: node-access/inside
    eks_public.workers(a, net, cluster)
