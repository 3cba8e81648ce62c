"""Many kinds of findings: a kops cluster with an open API, and many small exceptions.

``make demo`` checks this scene.
"""

from __future__ import annotations

from moto_fixtures.aws.builder import WORLD, Account, statement
from moto_fixtures.aws.installers import etcd_volume, kops
from moto_fixtures.aws.scenes import kops_ha

DECLARED = kops_ha.DECLARED
VERDICTS = {
    "api-server-access": "FAIL",
    "node-access": "FAIL",
    "cloud-api-access": "FAIL",
    "etcd-access": "FAIL",
    "etcd-encryption": "FAIL",
}


def build(a: Account) -> None:
    """Build the account."""
    cluster = kops_ha.build(a)
    cluster.masters.allow("tcp/4001", cluster.nodes)  # NOT OK: etcd-access/inside
    debug = a.group(cluster.vpc, "debug")  # OK
    debug.allow("tcp/22", WORLD)  # NOT OK: node-access/internet
    debug.allow("tcp/30000-32767", WORLD)  # NOT OK: node-access/node-ports
    role = a.role("nodes-legacy.prod", statement("*"))  # NOT OK: cloud-api-access/administrator
    a.host("edge", cluster.utility, [cluster.nodes, debug], kops.node, role=role, public=True)  # OK
    events = a.volume(  # NOT OK: etcd-encryption/disk
        cluster.control_plane[0], etcd_volume("events"), encrypted=False, device="/dev/xvdv"
    )
    a.snapshot(events, shared_with="210987654321")  # NOT OK: etcd-encryption/snapshot
