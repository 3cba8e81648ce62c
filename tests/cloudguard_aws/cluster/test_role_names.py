"""Roles suggested by names; the cluster's own name and contradicting names suggest nothing."""

from __future__ import annotations

import pytest

from cloudguard.model.cluster import EvidenceKind, Role, RoleEvidence, Strength
from cloudguard.provider.host_roles import HostRoles
from cloudguard.provider.installers import infra_base, is_infra
from cloudguard.provider.role_names import roles_by_names
from cloudguard_aws.cluster.tags import installer_of

CP, ETCD, NODE, BASTION = Role.CONTROL_PLANE, Role.ETCD, Role.NODE, Role.BASTION


@pytest.mark.parametrize(
    ("name", "cluster", "roles"),
    [
        ("prod-master-1", "prod", (CP,)),
        ("masters.prod.example.com", "prod.example.com", (CP,)),
        ("prod-control-plane-x7k2p", "prod", (CP,)),
        ("prod-controlplane", "prod", (CP,)),
        ("prod_cp_1", "prod", (CP,)),
        ("k3s-server-0", "prod", (CP,)),
        ("prod-etcd-a", "prod", (ETCD,)),
        ("kubernetes-prod-master-etcd0", "prod", (CP, ETCD)),
        ("prod-worker1", "prod", (NODE,)),
        ("rke2-agent-0", "prod", (NODE,)),
        ("nodes.prod", "prod", (NODE,)),
        ("prod-master-node", "prod", (CP,)),
        ("Prod-Bastion", "prod", (BASTION,)),
        ("prod-jumpbox", "prod", (BASTION,)),
        # the cluster's own name is no evidence, in any spelling
        ("master-1", "master", None),
        ("worker-node-1", "worker-node", None),
        ("Worker.Node-1", "worker-node", None),
        ("masters-prod-worker-1", "masters-prod", (NODE,)),
        ("server1", "server", None),
        # a word inside another word does not count
        ("fileserverless", "prod", None),
        ("nodejs-app", "prod", None),
        ("prod-cpu-heavy", "prod", None),
        ("prod-1", "prod", None),
        ("", "prod", None),
    ],
)
def test_a_name_suggests_roles(name: str, cluster: str, roles: tuple[Role, ...] | None) -> None:
    found = roles_by_names([("name", name)], cluster)
    assert (found.roles if found else None) == roles
    if found:
        assert found.why == f"name {name} suggests the role (weak evidence)"


def weak(text: str) -> RoleEvidence:
    return RoleEvidence(EvidenceKind.NAME, text, Strength.WEAK)


def test_a_host_s_own_name_overrides_its_instance_profile_s_name() -> None:
    roles = roles_by_names([("instance profile", "k8s-node-profile"), ("name", "master-1")], "prod")
    assert roles == HostRoles((CP,), (weak("name master-1 suggests the role (weak evidence)"),))


def test_agreeing_names_give_the_first_as_evidence() -> None:
    roles = roles_by_names([("instance profile", ""), ("scaling group", "workers"), ("name", "prod-worker-1")], "prod")
    assert roles == HostRoles((NODE,), (weak("scaling group workers suggests the role (weak evidence)"),))


@pytest.mark.mistake("role-removed")
@pytest.mark.parametrize(
    "named",
    [
        [("instance profile", "masters"), ("name", "worker-1")],
        [("name", "ingress-controller-worker")],
        [("name", "etcd-worker")],
    ],
)
def test_contradicting_names_give_no_role(named: list[tuple[str, str]]) -> None:
    roles = roles_by_names(named, "prod")
    assert roles is not None
    assert roles.roles == ()
    assert "contradict" in roles.why
    assert "node" in roles.why


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("prod", "prod-"),
        ("prod.example", "prod-example-"),
        ("a-cluster-with-a-very-long-name", "a-cluster-with-a-very-"),
        ("exactly-twenty-one-ch-x", "exactly-twenty-one-ch-"),
        ("prod-*", ""),
    ],
)
def test_an_infrastructure_id_begins_with_the_cluster_s_name(name: str, base: str) -> None:
    assert infra_base(name) == base


@pytest.mark.parametrize(
    ("name", "infra"),
    [("prod-x7k2p", True), ("prod-green", False), ("prod-east1", False), ("prod-x7k2", False), ("x7k2p", False)],
)
def test_an_infrastructure_id_ends_with_five_random_characters(name: str, infra: object) -> None:
    assert is_infra(name) is infra


@pytest.mark.parametrize(
    ("tags", "installer"),
    [
        ({"kubernetes.io/cluster/prod": "member"}, "kubespray"),
        ({"kubernetes.io/cluster/prod": "1", "kubernetes.io/role/node": "1"}, "gardener"),
        ({"kubernetes.io/cluster/prod": "1"}, "unknown"),
        ({"eks:cluster-name": "prod"}, "eks"),
        ({"Name": "prod-talos-cp-1"}, "talos"),
        ({"Name": "catalogue-talosian"}, "unknown"),
        ({"Name": "k3s-server"}, "k3s"),
        ({"note": "moved here from k3s"}, "unknown"),
    ],
)
def test_tags_name_the_installer(tags: dict[str, str], installer: str) -> None:
    assert installer_of([tags], "prod").name == installer
