"""EKS with a public endpoint for administrators only, a private endpoint for nodes, and a customer key for Secrets."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean, eks_public

DECLARED = clean.DECLARED
VERDICTS = eks_public.VERDICTS | {"api-server-access": "PASS"}


def build(a: Account) -> None:
    """Build the account."""
    net = eks_public.network(a)
    key = a.key()  # OK
    cluster = a.eks(
        "prod", [net.private], net.cluster_role, public=[clean.ADMINS], private=True, secrets_key=key
    )  # NOT OK: node-access/control-plane
    eks_public.workers(a, net, cluster)
