"""One public kubeadm host with all roles. Its group is open to the world, its disk is not encrypted."""

from __future__ import annotations

from cloudguard.model.cluster import Role
from moto_fixtures.aws.builder import WORLD, Account
from moto_fixtures.aws.installers import OWNED
from moto_fixtures.aws.needed import CONTROL_PLANE, needed
from moto_fixtures.aws.scene import Declared

DECLARED = Declared(role_tags=dict.fromkeys((Role.CONTROL_PLANE, Role.NODE), ("role=control-plane",)))
VERDICTS = {
    "api-server-access": "FAIL",
    "node-access": "FAIL",
    "cloud-api-access": "PASS",
    "etcd-access": "FAIL",
    "etcd-encryption": "FAIL",
}


def build(a: Account) -> None:
    """Build the account."""
    vpc = a.vpc()  # OK
    subnet = a.subnet(vpc, public=True)  # OK
    group = a.group(vpc, "launch-wizard-1")  # OK
    group.allow("all", WORLD)  # NOT OK: api-server-access/internet, node-access/internet, etcd-access/internet
    role = a.role("kubeadm", *needed(*CONTROL_PLANE))  # OK
    tags = OWNED | {"role": "control-plane"}
    a.host("box", subnet, [group], tags, role=role, public=True, encrypted=False)  # NOT OK: etcd-encryption/disk
