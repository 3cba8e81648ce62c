"""The machines of a cluster: by AKS's node resource group, by tags, by flags, by scale sets."""

from __future__ import annotations

import pytest

from azure_answers import CAPZ, Answers, aks, capz_tag, member, member_nic, names, nic, scale_set, searched, vm
from cloudguard.errors import AccessError, ClusterNotFoundError, UsageError
from cloudguard.model.cluster import EvidenceKind, Role, Strength
from cloudguard.model.source import FactKind
from cloudguard.provider.port import CollectRequest
from cloudguard_azure.access.calls import (
    LIST_INTERFACES,
    LIST_MACHINES,
    LIST_MANAGED_CLUSTERS,
    LIST_SCALE_SET_INTERFACES,
    LIST_SCALE_SET_MACHINES,
    LIST_SCALE_SET_PUBLIC_ADDRESSES,
    LIST_SCALE_SETS,
)
from cloudguard_azure.cluster.find import find, summaries
from cloudguard_azure.cluster.hosts import read_hosts
from cloudguard_azure.cluster.installer_tags import roles_by_tags
from cloudguard_azure.cluster.inventory import read_inventory

AKS = {
    LIST_MANAGED_CLUSTERS: [aks("Prod", "Team", "Nodes-of-Prod"), aks("other", "team", "mc_other")],
    LIST_SCALE_SETS: [scale_set("NODES-OF-PROD", "aks-pool"), scale_set("mc_other", "aks-pool")],
    LIST_SCALE_SET_MACHINES: [member("nodes-of-prod", "aks-pool", 0), member("mc_other", "aks-pool", 1)],
    LIST_SCALE_SET_INTERFACES: [member_nic("nodes-of-prod", "aks-pool", 0)],
    LIST_MACHINES: [vm(*one) for one in (("nodes-of-prod", "aks-machine"), ("team", "jump"), ("mc_other", "aks-else"))],
    LIST_INTERFACES: [nic("nodes-of-prod", "aks-machine-nic", vm("nodes-of-prod", "aks-machine")["id"], "10.0.0.9")],
}


def test_an_aks_cluster_has_the_machines_of_its_node_resource_group() -> None:
    api, found = searched(AKS, "PROD")
    assert found.name == "Prod"
    assert names(found) == ["aks-machine", "aks-pool_0"]
    assert [scale_set.name for scale_set in found.scale_sets] == ["aks-pool"]
    hosts = read_hosts(api, found)
    assert api.gaps == ()
    assert [host.roles for host in hosts] == [(Role.NODE,), (Role.NODE,)]
    assert {host.role_evidence[0].kind for host in hosts} == {EvidenceKind.MANAGED}
    assert [len(host.interfaces) for host in hosts] == [1, 1]
    assert hosts[1].pool == found.scale_sets[0].id
    assert LIST_SCALE_SET_PUBLIC_ADDRESSES not in {call for call, _ in api.made}


@pytest.mark.parametrize(
    ("name", "tags", "is_its_own"),
    [
        ("jenkins", {}, False),
        ("jenkins", {"owner": "team"}, False),
        ("AKS-pool-1", {}, True),
        ("odd", {"AKS-managed-poolName": "pool"}, True),
        ("odd", {"poolName": "pool"}, True),
        ("odd", {"karpenter.sh_nodepool": "default"}, True),
    ],
)
def test_a_machine_without_aks_s_marks_in_the_node_group_is_no_node(
    name: str, tags: dict[str, str], *, is_its_own: bool
) -> None:
    _, found = searched({LIST_MANAGED_CLUSTERS: [aks("prod", "team", "mc")], LIST_MACHINES: [vm("MC", name, tags)]})
    assert bool(found.machines) is is_its_own


def test_members_of_other_clusters_scale_sets_are_not_read() -> None:
    api, _ = searched(AKS)
    asked = [dict(parameters) for call, parameters in api.made if call is LIST_SCALE_SET_MACHINES]
    assert asked == [{"resource_group_name": "nodes-of-prod", "virtual_machine_scale_set_name": "aks-pool"}]


def test_the_resource_group_chooses_between_two_clusters_with_one_name() -> None:
    items = {LIST_MANAGED_CLUSTERS: [aks("prod", "one", "mc_1"), aks("PROD", "two", "mc_2")]}
    with pytest.raises(UsageError, match="prod in one and PROD in two"):
        searched(items)
    _, found = searched(items, options={"resource-group": ["TWO"]})
    assert found.aks is not None
    assert found.aks.node_group == "mc_2"
    with pytest.raises(ClusterNotFoundError, match="in three"):
        searched(items, options={"resource-group": ["three"]})


@pytest.mark.mistake("member-left-out")
def test_nodes_counted_by_aks_but_not_found_are_a_gap() -> None:
    pools = [{"name": "a", "count": 2}, {"name": "b", "count": 5, "powerState": {"code": "STOPPED"}}]
    for more, missing in ({}, True), ({"powerState": {"code": "Stopped"}}, False):
        items = {LIST_MANAGED_CLUSTERS: [aks("prod", "team", "mc", agentPoolProfiles=pools, **more)]}
        api, found = searched(items)
        assert read_hosts(api, found) == ()
        assert any(FactKind.HOSTS in gap.hides for gap in api.gaps) is missing


@pytest.mark.mistake("member-left-out")
def test_hosted_system_nodes_are_a_gap() -> None:
    items = {LIST_MANAGED_CLUSTERS: [aks("prod", "team", "mc", hostedSystemProfile={"enabled": True})]}
    api, found = searched(items)
    read_hosts(api, found)
    assert [gap.hides for gap in api.gaps] == [(FactKind.HOSTS,)]


@pytest.mark.parametrize(
    "key",
    [
        f"{CAPZ}cluster_prod",
        "kubernetes.io_cluster_PROD",
        "kubernetes.io_cluster.prod-x7k2p",
        "Kubernetes.IO-cluster-prod",
    ],
)
def test_a_tag_key_names_the_cluster_in_any_letter_case(key: str) -> None:
    _, found = searched({LIST_MACHINES: [vm("a", "mine", {key: "owned"}), vm("a", "else", {f"{key}2": "owned"})]})
    assert names(found) == ["mine"]


@pytest.mark.mistake("member-left-out")
def test_untagged_members_of_a_scale_set_belong_to_its_cluster() -> None:
    items = {
        LIST_SCALE_SETS: [scale_set("a", "workers", tags=capz_tag()), scale_set("a", "flex", "Flexible")],
        LIST_SCALE_SET_MACHINES: [member("a", "workers", 0), member("a", "workers", 1, capz_tag("other"))],
        LIST_MACHINES: [
            vm("b", "flex-1", capz_tag(), virtualMachineScaleSet={"id": scale_set("a", "flex")["id"].upper()}),
            vm("c", "flex-2", virtualMachineScaleSet={"id": scale_set("a", "flex")["id"]}),
        ],
    }
    _, found = searched(items)
    assert names(found) == ["workers_0", "workers_1", "flex-1", "flex-2"]
    assert [scale_set.name for scale_set in found.scale_sets] == ["flex", "workers"]


@pytest.mark.parametrize("name", ["WORKERS_1", "workers000001", member("a", "workers", 1)["id"].upper()])
def test_a_flag_matches_a_member_by_name_computer_name_or_id(name: str) -> None:
    items = {
        LIST_SCALE_SETS: [scale_set("a", "workers")],
        LIST_SCALE_SET_MACHINES: [
            member("a", "workers", 0, capz_tag("other")),
            member("a", "workers", 1, capz_tag("other")),
        ],
    }
    api, found = searched(items, extra_hosts={name: [Role.CONTROL_PLANE, Role.ETCD]})
    assert "workers_1" in names(found)
    host = next(host for host in read_hosts(api, found) if host.name == "workers_1")
    assert host.roles == (Role.CONTROL_PLANE, Role.ETCD)
    assert host.role_evidence[0].kind is EvidenceKind.USER


def test_a_tag_flag_may_contain_a_comma_and_does_not_match_other_clusters() -> None:
    roles = {"roles": "kube_control_plane,etcd"}
    items = {
        LIST_MACHINES: [vm("a", "master-0", roles), vm("b", "master-1", {**roles, **capz_tag("other")}), vm("a", "db")]
    }
    api, found = searched(items, role_tags={Role.CONTROL_PLANE: ["ROLES=kube_control_plane,etcd"]})
    assert names(found) == ["master-0"]
    hosts = read_hosts(api, found)
    assert {*hosts[0].roles} == {Role.CONTROL_PLANE, Role.ETCD}
    assert [evidence.strength for evidence in hosts[0].role_evidence] == [Strength.WEAK, Strength.STRONG]


def test_a_machine_without_a_tag_called_name_has_its_own_name_as_this_tag() -> None:
    items = {LIST_MACHINES: [vm("a", "prod-vm-0"), vm("a", "prod-vm-1", {"name": "db"}), vm("a", "two")]}
    _api, found = searched(items, role_tags={Role.NODE: ["Name=prod-vm-*"]})
    assert names(found) == ["prod-vm-0"]


@pytest.mark.mistake("role-removed")
def test_a_free_form_tag_adds_a_role_and_removes_none() -> None:
    spray = {**capz_tag(), "roles": "kube_control_plane,etcd"}
    api, found = searched({LIST_MACHINES: [vm("a", "one", spray), vm("a", "two", capz_tag())]})
    [host, two] = read_hosts(api, found)
    assert ({*host.roles}, two.roles) == ({Role.CONTROL_PLANE, Role.ETCD}, ())
    assert [evidence.strength for evidence in host.role_evidence] == [Strength.WEAK]


def test_a_flag_that_matches_no_machine_is_a_gap() -> None:
    api, _ = searched({LIST_MACHINES: [vm("a", "mine", capz_tag())]}, extra_hosts={"gone": [Role.NODE]})
    assert [(gap.resource, gap.hides) for gap in api.gaps] == [("--host gone", (FactKind.HOSTS,))]


def test_an_unknown_cluster_is_an_error() -> None:
    items = {LIST_MACHINES: [vm("a", "mine", capz_tag("other"))], LIST_MANAGED_CLUSTERS: [aks("third", "team", "mc")]}
    with pytest.raises(ClusterNotFoundError) as raised:
        searched(items)
    assert raised.value.hint == "Clusters found: other, third (in team)"
    with pytest.raises(AccessError, match="could not check whether"):
        find(Answers(items, refused=[LIST_SCALE_SETS]), CollectRequest(cluster="prod"))


@pytest.mark.mistake("odd-answer")
def test_a_machine_s_interface_missing_in_the_list_is_a_gap() -> None:
    api, found = searched({LIST_MACHINES: [vm("a", "mine", capz_tag())]})
    hosts = read_hosts(api, found)
    assert hosts[0].interfaces == ()
    assert any("mine-nic" in gap.message and FactKind.HOSTS in gap.hides for gap in api.gaps)


def test_a_machine_that_is_not_understood_is_a_gap() -> None:
    broken = vm("a", "broken", capz_tag())
    broken["properties"]["storageProfile"] = {"dataDisks": "none"}
    api, found = searched({LIST_MACHINES: [vm("a", "mine", capz_tag()), broken, {"name": "nobody"}]})
    assert [host.name for host in read_hosts(api, found)] == ["mine"]
    assert sum("not valid" in gap.message and FactKind.HOSTS in gap.hides for gap in api.gaps) == 2


def test_discovery_shows_aks_clusters_and_clusters_named_by_tags() -> None:
    tags = {**capz_tag("Kops.example"), "KubernetesCluster": "kops.example", "k8s.io_role_node": "1"}
    nodes = {**scale_set("a", "nodes", tags=tags), "sku": {"capacity": 3}}
    counting = aks("prod", "team", "mc", agentPoolProfiles=[{"name": "a", "count": 2}])
    items = {
        LIST_MANAGED_CLUSTERS: [counting, aks("other", "team", "mc_other")],
        LIST_SCALE_SETS: [nodes, scale_set("mc", "aks-a")],
        LIST_MACHINES: [
            vm("a", "odd", capz_tag("kops.example")),
            vm("mc_other", "x", capz_tag("hidden")),
            vm("a", "untagged"),
        ],
    }
    clusters = summaries(read_inventory(Answers(items)))
    assert [(cluster.name, cluster.installer, cluster.region, dict(cluster.hosts)) for cluster in clusters] == [
        ("kops.example", "kops", "westeurope", {"node": 3, "unknown": 1}),
        ("other", "aks", "westeurope", {}),
        ("prod", "aks", "westeurope", {"node": 2}),
    ]


@pytest.mark.parametrize(
    ("name", "role", "strength"),
    [
        ("vm-prodserver", "Server", Strength.STRONG),
        ("vm-prod-server", "server", Strength.STRONG),
        ("vm-prodgeneric", "agent", Strength.STRONG),
        ("vm-prodgeneric", "server", Strength.WEAK),
        ("database", "server", Strength.WEAK),
    ],
)
def test_a_common_tag_is_strong_evidence_if_the_name_agrees(name: str, role: str, strength: Strength) -> None:
    known = roles_by_tags({"role": role, "kubernetes.io_cluster_prod": "owned"}, "prod", name)
    assert known is not None
    assert (Role.CONTROL_PLANE in known.roles, known.strength) == (role.lower() == "server", strength)


@pytest.mark.parametrize(
    ("listed", "roles"),
    [
        ("kube_control_plane,etcd", {Role.CONTROL_PLANE, Role.ETCD}),
        ("kube-master, etcd", {Role.CONTROL_PLANE, Role.ETCD}),
        ("kube-node", {Role.NODE}),
        ("etcd", None),
        ("kube-node,web", None),
        ("", None),
    ],
)
def test_a_role_tag_with_a_list_of_groups_gives_all_their_roles(listed: str, roles: set[Role] | None) -> None:
    known = roles_by_tags({"roles": listed}, "prod", "x")
    assert ({*known.roles} if known else None) == roles


@pytest.mark.mistake("role-removed")
def test_openshift_s_names_show_roles_only_with_its_own_tag() -> None:
    infra, tags = "prod-x7k2p", {"kubernetes.io_cluster.prod-x7k2p": "owned"}
    known = roles_by_tags(tags, infra, f"{infra}-Master-0")
    assert known is not None
    assert known.roles == (Role.CONTROL_PLANE, Role.ETCD)
    assert roles_by_tags({}, infra, f"{infra}-master-0") is None
    assert roles_by_tags(tags, "prod", "prod-master-0") is None
