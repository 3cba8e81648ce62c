"""Clusters with one name, and clusters in several resource groups and networks."""

from __future__ import annotations

from typing import Any

import pytest

from azure_answers import CAPZ, aks, capz_tag, names, nic, resource, searched, vm
from cloudguard.errors import ClusterNotFoundError, UsageError
from cloudguard.model.cluster import Role
from cloudguard_azure.access.calls import (
    LIST_INTERFACES,
    LIST_MACHINES,
    LIST_MANAGED_CLUSTERS,
)

Placed = tuple[dict[str, Any], dict[str, Any]]
"""A machine and its interface."""


def placed(group: str, name: str, network: str, tags: dict[str, str] | None = None) -> Placed:
    machine = vm(group, name, tags or capz_tag())
    subnet = resource("nets", "Microsoft.Network/virtualNetworks/subnets", network, "all")["id"]
    return machine, nic(group, f"{name}-nic", machine["id"], "10.0.0.4", subnet={"id": subnet})


def in_places(*made: Placed, **options: list[str]) -> list[str]:
    items = {LIST_MACHINES: [item for item, _ in made], LIST_INTERFACES: [item for _, item in made]}
    _, cluster = searched(items, options={name.replace("_", "-"): value for name, value in options.items()})
    return names(cluster)


def test_a_cluster_may_be_in_several_groups_and_networks() -> None:
    spread = placed("a", "one", "x"), placed("b", "two", "x"), placed("b", "three", "y")
    assert in_places(*spread) == ["one", "three", "two"]
    assert in_places(*spread, resource_group=["B"]) == ["one", "three", "two"]
    with pytest.raises(ClusterNotFoundError, match="is in a, b"):
        in_places(*spread, resource_group=["c"])


def test_the_group_chooses_between_two_self_managed_clusters_with_one_name() -> None:
    two = placed("a", "one", "x"), placed("b", "two", "y")
    with pytest.raises(UsageError, match="2 clusters are called 'prod': in a and in b"):
        in_places(*two)
    assert in_places(*two, resource_group=["B"]) == ["two"]


def test_the_group_chooses_between_a_managed_and_a_self_managed_cluster() -> None:
    master = placed("b", "master", "y", {**capz_tag(), f"{CAPZ}role": "control-plane"})
    items = {
        LIST_MANAGED_CLUSTERS: [aks("prod", "team", "mc")],
        LIST_MACHINES: [master[0]],
        LIST_INTERFACES: [master[1]],
    }
    with pytest.raises(UsageError, match="in team and a self-managed cluster in b"):
        searched(items)
    assert searched(items, options={"resource-group": ["team"]})[1].aks is not None
    _, cluster = searched(items, options={"resource-group": ["b"]})
    assert (cluster.aks, names(cluster)) == (None, ["master"])


def test_a_tag_flag_must_match_machines_of_one_group() -> None:
    tags = {"roles": "kube_control_plane,etcd"}
    two = placed("a", "master-0", "x", tags), placed("b", "master-0", "y", tags)
    items = {LIST_MACHINES: [item for item, _ in two], LIST_INTERFACES: [item for _, item in two]}
    flag: dict[str, Any] = {"role_tags": {Role.CONTROL_PLANE: ["roles=kube_control_plane,etcd"]}}
    with pytest.raises(UsageError, match="in a and in b"):
        searched(items, **flag)
    _, cluster = searched(items, **flag, options={"resource-group": ["B"]})
    assert [machine.group for machine in cluster.machines] == ["b"]


def test_the_group_or_the_id_chooses_between_two_machines_with_one_name() -> None:
    two = placed("a", "master-0", "x", {"any": "tag"}), placed("b", "master-0", "y", {"any": "tag"})
    items = {LIST_MACHINES: [item for item, _ in two], LIST_INTERFACES: [item for _, item in two]}
    flag: dict[str, Any] = {"extra_hosts": {"Master-0": [Role.CONTROL_PLANE]}}
    with pytest.raises(UsageError, match="in a and b"):
        searched(items, **flag)
    _, cluster = searched(items, **flag, options={"resource-group": ["B"]})
    assert [machine.group for machine in cluster.machines] == ["b"]
    _, cluster = searched(items, extra_hosts={two[0][0]["id"]: [Role.NODE]})
    assert [machine.group for machine in cluster.machines] == ["a"]
