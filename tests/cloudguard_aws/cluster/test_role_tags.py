"""Roles from installers' tags, for hosts with tags of several installers."""

from __future__ import annotations

import pytest

from cloudguard.model.cluster import Role, Strength
from cloudguard.provider.installers import ShownInstaller
from cloudguard_aws.cluster.tags import CAPA, is_control_plane, roles_by_tags, shown_installer

CONTROL_PLANE, ETCD, NODE, BASTION = Role.CONTROL_PLANE, Role.ETCD, Role.NODE, Role.BASTION
Tags = dict[str, str]
KOPS_NODE, CAPA_MASTER = {"k8s.io/role/node": "1"}, {f"{CAPA}role": "control-plane"}
KARPENTER = {"karpenter.sh/nodepool": "default"}

SEVERAL: dict[str, tuple[Tags, tuple[Role, ...]]] = {
    "kops's node tag and Cluster API's control-plane tag": (KOPS_NODE | CAPA_MASTER, (NODE, CONTROL_PLANE)),
    "kops's tags for both roles, on a single-host cluster": (
        {"k8s.io/role/control-plane": "1", **KOPS_NODE},
        (CONTROL_PLANE, ETCD, NODE),
    ),
    "kops's older and newer tag": (
        {"k8s.io/role/control-plane": "1", "k8s.io/role/master": "1"},
        (CONTROL_PLANE, ETCD),
    ),
    "a control-plane tag on a host of Karpenter": (KARPENTER | CAPA_MASTER, (CONTROL_PLANE, NODE)),
    "a bastion tag and a node tag": ({"k8s.io/role/bastion": "1"} | KARPENTER, (BASTION, NODE)),
    "OpenShift's name and another installer's tag": ({"Name": "prod-x7k2p-master-0", **KOPS_NODE}, (NODE,)),
    "two installers' tags for one role": (KARPENTER | {"eks:nodegroup-name": "a"}, (NODE,)),
    "a role tag with the value 0": ({"k8s.io/role/control-plane": "0", **KOPS_NODE}, (NODE,)),
}


@pytest.mark.mistake("role-removed")
@pytest.mark.parametrize(("tags", "roles"), SEVERAL.values(), ids=SEVERAL)
def test_tags_of_two_installers_give_the_roles_of_both(tags: Tags, roles: tuple[Role, ...]) -> None:
    found = roles_by_tags(tags)
    assert found is not None
    assert set(found.roles) == set(roles)
    assert len(found.evidence) == (1 if roles in {(NODE,), (CONTROL_PLANE, ETCD)} else 2)
    assert is_control_plane(tags) is (CONTROL_PLANE in roles)


@pytest.mark.mistake("role-removed")
def test_free_tags_and_names_give_no_role() -> None:
    for name in ("db", "master"):
        assert roles_by_tags({"role": "control-plane", "Name": f"prod-x7k2p-{name}-0"}) is None


OWNED = {"kubernetes.io/cluster/prod-x7k2p": "owned", "Name": "prod-x7k2p-master-0"}
OF_CAPA = {f"{CAPA}cluster/prod-x7k2p": "owned", f"{CAPA}role": "control-plane"}
OPENSHIFT: dict[str, tuple[Tags, Strength]] = {
    "OpenShift's name and the cluster's tag, which anyone can write": (OWNED, Strength.WEAK),
    "all of OpenShift's tags": (OWNED | OF_CAPA, Strength.STRONG),
    "a role tag without the installer's cluster tag": (OWNED | {f"{CAPA}role": "control-plane"}, Strength.WEAK),
    "the role tag of a node": (OWNED | OF_CAPA | {f"{CAPA}role": "node"}, Strength.WEAK),
    "the cluster tag of another cluster": (
        OWNED | {f"{CAPA}cluster/other": "owned", f"{CAPA}role": "control-plane"},
        Strength.WEAK,
    ),
    "the cluster's tag says shared, not owned": (
        OWNED | OF_CAPA | {"kubernetes.io/cluster/prod-x7k2p": "shared"},
        Strength.WEAK,
    ),
}


@pytest.mark.parametrize(("tags", "strength"), OPENSHIFT.values(), ids=OPENSHIFT)
def test_openshift_s_tags_together_show_the_installer(tags: Tags, strength: Strength) -> None:
    assert shown_installer({"i-1": tags}, "prod-x7k2p", ["i-1"], ()) == ShownInstaller("openshift", strength)


def test_one_control_plane_host_without_its_tags_makes_the_evidence_weak() -> None:
    tagged = {"i-1": OWNED | OF_CAPA, "i-2": OWNED}
    assert shown_installer(tagged, "prod-x7k2p", ["i-1", "i-2"], ()).strength is Strength.WEAK
