"""A build server is in the control plane's group too, so it reaches etcd and the kubelets."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"api-server-access": "FAIL", "node-access": "FAIL", "etcd-access": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    a.host(
        "build-server", cluster.private, [cluster.masters]
    )  # NOT OK: api-server-access/inside, node-access/inside, etcd-access/inside
