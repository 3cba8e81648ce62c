"""One public kubeadm host that is everything, its group open to the world, its disk in the clear."""

from __future__ import annotations

from cloudguard.model.cluster import Role
from moto_fixtures.aws.builder import WORLD, Account, statement
from moto_fixtures.aws.installers import OWNED
from moto_fixtures.aws.scene import Declared

DECLARED = Declared(role_tags={Role.CONTROL_PLANE: ("role=control-plane",)})
VERDICTS = {
    "api-server-access": "FAIL",
    "node-access": "FAIL",
    "cloud-api-access": "UNKNOWN",
    "etcd-access": "FAIL",
    "etcd-encryption": "FAIL",
}


def build(a: Account) -> None:
    """Make it."""
    vpc = a.vpc()  # OK
    subnet = a.subnet(vpc, public=True)  # OK
    group = a.group(vpc, "launch-wizard-1")  # OK
    group.allow("all", WORLD)  # NOT OK: api-server-access/internet, node-access/internet, etcd-access/internet
    role = a.role("kubeadm", statement("ec2:Describe*"))  # OK
    tags = OWNED | {"role": "control-plane"}
    a.host("box", subnet, [group], tags, role=role, public=True, encrypted=False)  # NOT OK: etcd-encryption/disk
