"""A database that a service runs stands in the control plane's group: whether it opens connections is not known."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | dict.fromkeys(("api-server-access", "node-access", "etcd-access"), "UNKNOWN")


def build(a: Account) -> None:
    """Make it."""
    cluster = clean.build(a)
    a.interface(cluster.private, [cluster.masters], "RDSNetworkInterface", kind="interface")  # OK
