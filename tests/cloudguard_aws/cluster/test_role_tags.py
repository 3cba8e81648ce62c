"""Which roles the tags of installers give, where a host bears those of several."""

from __future__ import annotations

import pytest

from cloudguard.model.cluster import Role
from cloudguard_aws.cluster.tags import CAPA, is_control_plane, roles_by_tags

CONTROL_PLANE, ETCD, NODE, BASTION = Role.CONTROL_PLANE, Role.ETCD, Role.NODE, Role.BASTION
Tags = dict[str, str]
KOPS_NODE, CAPA_MASTER = {"k8s.io/role/node": "1"}, {f"{CAPA}role": "control-plane"}
KARPENTER = {"karpenter.sh/nodepool": "default"}

SEVERAL: dict[str, tuple[Tags, tuple[Role, ...]]] = {
    "kops' node is Cluster API's control plane": (KOPS_NODE | CAPA_MASTER, (NODE, CONTROL_PLANE)),
    "kops' tags for both, on a cluster of one host": (
        {"k8s.io/role/control-plane": "1", **KOPS_NODE},
        (CONTROL_PLANE, ETCD, NODE),
    ),
    "kops' older tag beside its newer one": (
        {"k8s.io/role/control-plane": "1", "k8s.io/role/master": "1"},
        (CONTROL_PLANE, ETCD),
    ),
    "a control plane's tag on what Karpenter started": (KARPENTER | CAPA_MASTER, (CONTROL_PLANE, NODE)),
    "a bastion that is a node too": ({"k8s.io/role/bastion": "1"} | KARPENTER, (BASTION, NODE)),
    "OpenShift's name beside another installer's tag": (
        {"Name": "prod-x7k2p-master-0", **KOPS_NODE},
        (NODE, CONTROL_PLANE, ETCD),
    ),
    "tags of one role by two": (KARPENTER | {"eks:nodegroup-name": "a"}, (NODE,)),
    "a role's tag that says no": ({"k8s.io/role/control-plane": "0", **KOPS_NODE}, (NODE,)),
}


@pytest.mark.parametrize(("tags", "roles"), SEVERAL.values(), ids=SEVERAL)
def test_one_installers_tag_takes_no_role_that_anothers_gives(tags: Tags, roles: tuple[Role, ...]) -> None:
    found = roles_by_tags(tags, "prod-x7k2p")
    assert found is not None
    assert set(found.roles) == set(roles)
    assert len(found.evidence) == (1 if roles in {(NODE,), (CONTROL_PLANE, ETCD)} else 2)
    if "Name" not in tags:
        assert is_control_plane(tags) is (CONTROL_PLANE in roles)


def test_free_tags_give_no_role() -> None:
    assert roles_by_tags({"role": "control-plane", "Name": "prod-x7k2p-db-0"}, "prod-x7k2p") is None
