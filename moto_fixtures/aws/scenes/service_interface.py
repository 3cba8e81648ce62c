"""A managed database is in the control plane's group. It is not known whether the service opens connections."""

from __future__ import annotations

from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | dict.fromkeys(("api-server-access", "node-access", "etcd-access"), "UNKNOWN")


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    a.interface(cluster.private, [cluster.masters], "RDSNetworkInterface", kind="interface")  # OK
