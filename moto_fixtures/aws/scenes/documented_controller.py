"""One kubeadm host whose cloud controller has its documented permissions, which also cover resources of others."""

from __future__ import annotations

from cloudguard.model.cluster import Role
from moto_fixtures.aws.builder import Account
from moto_fixtures.aws.installers import OWNED
from moto_fixtures.aws.needed import documented, needed
from moto_fixtures.aws.scene import Declared

DECLARED = Declared(role_tags=dict.fromkeys((Role.CONTROL_PLANE, Role.NODE), ("role=control-plane",)))
VERDICTS = {
    "api-server-access": "PASS",
    "node-access": "PASS",
    "cloud-api-access": "FAIL",
    "etcd-access": "PASS",
    "etcd-encryption": "PASS",
}


def build(a: Account) -> None:
    """Build the account."""
    vpc = a.vpc()  # OK
    subnet = a.subnet(vpc)  # OK
    group = a.group(vpc, "alone")  # OK
    wide = (*documented("cloud-controller-manager"), *needed("node"))
    role = a.role("controller", *wide)  # NOT OK: cloud-api-access/narrowable
    a.host("box", subnet, [group], OWNED | {"role": "control-plane"}, role=role)  # OK
