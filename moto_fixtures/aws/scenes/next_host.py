"""Problems of next hosts: a launch template with an unencrypted disk, and an open pool that has no host yet."""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import capa
from moto_fixtures.aws.scenes import clean

DECLARED = clean.DECLARED
VERDICTS = clean.VERDICTS | {"node-access": "FAIL", "etcd-encryption": "FAIL"}


def build(a: Account) -> None:
    """Build the account."""
    cluster = clean.build(a)
    masters, debug = [cluster.masters], a.group(cluster.vpc, "debug")  # OK
    a.pool("prod-cp", cluster.private, masters, capa.control_plane, encrypted=False)  # NOT OK: etcd-encryption/pool
    debug.allow("tcp/22", WORLD)  # NOT OK: node-access/internet
    a.pool("prod-spot", cluster.public, [cluster.nodes, debug], capa.node, public=True)  # OK
