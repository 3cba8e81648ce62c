"""The ports of the API, etcd and the kubelet: by installer, by CNI, and by the user's declaration."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from importlib.resources import files

import pytest

import builders
from cloudguard.model.cluster import Cluster, Role, Strength
from cloudguard.needs.declarations import Declarations
from cloudguard.needs.ports import DEFAULT, Ports, api_listeners, judged_by_other_rows, ports_of
from cloudguard.packet_sets.services import ServiceSet

CILIUM, LEASES = ("etcd-cluster", "cilium"), ("etcd-cluster", "leases")
NONE = ServiceSet.nothing()
PLAIN = Declarations()


def cluster(installer: str = "kubeadm", *labels: tuple[str, str]) -> Cluster:
    return builders.snapshot(installer=installer, traits=labels).cluster


def ports(installer: str = "kubeadm", *labels: tuple[str, str], policy: Declarations = PLAIN) -> Ports:
    return ports_of(cluster(installer, *labels), policy, NONE)


@pytest.mark.parametrize(
    ("installer", "labels", "etcd", "auxiliary", "from_nodes"),
    [
        ("kubeadm", (), "tcp/2379-2380", "", ""),
        ("unknown", (), "tcp/2379-2380", "", ""),
        ("kops", (), "tcp/2380-2381,tcp/4001-4002", "tcp/2382,tcp/2384,tcp/3994-3997", ""),
        (
            "kops",
            (CILIUM,),
            "tcp/2380-2382,tcp/4001-4002",
            "tcp/2384,tcp/3991-3992,tcp/3994-3997",
            "tcp/4003",
        ),
        (
            "kops",
            (LEASES,),
            "tcp/2380-2381,tcp/2383,tcp/4001-4002,tcp/4004",
            "tcp/2382,tcp/2384,tcp/3994-3997,tcp/4005-4006",
            "",
        ),
        (
            "kops",
            (CILIUM, LEASES),
            "tcp/2380-2383,tcp/4001-4002,tcp/4004",
            "tcp/2384,tcp/3991-3992,tcp/3994-3997,tcp/4005-4006",
            "tcp/4003",
        ),
        ("kubeadm", (CILIUM, LEASES), "tcp/2379-2380", "", ""),
        ("rke2", (), "tcp/2379-2380", "tcp/2381-2382", ""),
        ("k3s", (), "tcp/2379-2380", "tcp/2381-2382", ""),
        ("canonical-k8s", (), "tcp/2379-2380,tcp/9000", "", ""),
        ("microk8s", (), "tcp/12379,tcp/19001", "", ""),
    ],
)
def test_the_installer_decides_etcd_s_ports(
    installer: str, labels: tuple[tuple[str, str], ...], etcd: str, auxiliary: str, from_nodes: str
) -> None:
    found = ports(installer, *labels)
    assert found.etcd == ServiceSet.parse(etcd)
    assert found.etcd_auxiliary == (ServiceSet.parse(auxiliary) if auxiliary else NONE)
    assert found.etcd_from_nodes == (ServiceSet.parse(from_nodes) if from_nodes else NONE)


@pytest.mark.parametrize(
    ("installer", "api"),
    [("kubeadm", "tcp/6443"), ("kops", "tcp/443,tcp/8443"), ("microk8s", "tcp/16443"), ("rke2", "tcp/6443,tcp/9345")],
)
def test_the_api_s_ports_are_the_installer_s_and_a_balancer_s(installer: str, api: str) -> None:
    assert ports(installer).api == ServiceSet.parse(api)
    served = ports_of(cluster(installer), PLAIN, ServiceSet.parse("tcp/7443"))
    assert served.api == ServiceSet.parse(f"{api},tcp/7443")
    assert ServiceSet.parse(api) <= api_listeners(cluster(installer)) | ports(installer).api


@pytest.mark.parametrize(
    ("installer", "api", "etcd"),
    [
        ("unknown", "tcp/6443", "tcp/2379-2380"),
        ("kops", "tcp/443,tcp/6443,tcp/8443", "tcp/2379-2381,tcp/4001-4002"),
        ("microk8s", "tcp/6443,tcp/16443", "tcp/2379-2380,tcp/12379,tcp/19001"),
    ],
)
def test_weak_evidence_of_an_installer_leaves_other_installers_ports_possible(
    installer: str, api: str, etcd: str
) -> None:
    found = ports_of(replace(cluster(installer), installer_strength=Strength.WEAK), PLAIN, NONE)
    assert (found.api, found.etcd) == (ServiceSet.parse(api), ServiceSet.parse(etcd))
    assert ServiceSet.parse("tcp/443,tcp/6443,tcp/8080,tcp/8443") <= found.api | found.api_possible
    assert ServiceSet.parse("tcp/2379-2381,tcp/4001-4002") <= found.etcd | found.etcd_possible
    assert not found.api & found.api_possible
    assert not found.etcd & found.etcd_possible
    sure = ports(installer)
    assert (sure.api_possible, sure.etcd_possible) == (NONE, NONE)


def test_each_port_has_its_source() -> None:
    weak = replace(cluster("microk8s"), installer_strength=Strength.WEAK)
    found = ports_of(weak, PLAIN, ServiceSet.parse("tcp/7443"))
    assert [(str(services), who) for services, who in found.api_sources] == [
        ("tcp/6443", DEFAULT),
        ("tcp/16443", "microk8s, by weak evidence"),
        ("tcp/7443", "a load balancer sends to this port"),
        ("tcp/443,tcp/8080,tcp/8443,tcp/9345", "possible: the installer is unknown"),
    ]
    assert ports("kops").api_sources == ((ports("kops").api, "kops"),)
    declared = ports_of(weak, Declarations(api_ports=("tcp/9443",)), NONE)
    assert declared.api_sources == ((ServiceSet.parse("tcp/9443"), "declaration"),)


def test_the_ports_of_an_etcd_for_nodes_have_their_own_source() -> None:
    found = ports("kops", CILIUM)
    assert found.etcd_from_nodes
    assert found.etcd_sources == ((found.etcd, "kops"), (found.etcd_from_nodes, "kops"))
    declared = ports("kops", CILIUM, policy=Declarations(etcd_ports=("tcp/2379",)))
    assert declared.etcd_sources == ((ServiceSet.parse("tcp/2379"), "declaration"), (found.etcd_from_nodes, "kops"))


def test_a_wide_range_of_node_ports_excludes_ports_of_the_host_itself() -> None:
    weak = replace(cluster(), installer_strength=Strength.WEAK)
    given = ports_of(weak, replace(PLAIN, node_ports="tcp/80-32767"), NONE)
    assert not given.node_ports & ServiceSet.parse("tcp/22,tcp/3389,tcp/10250,tcp/10255")
    assert ServiceSet.parse("tcp/8443") <= given.api_possible | given.api
    assert ServiceSet.parse("tcp/4001") <= given.etcd_possible | given.etcd


def test_node_ports_and_etcd_behind_a_balancer_are_not_the_api() -> None:
    behind = ServiceSet.parse("tcp/30443,tcp/2379,tcp/7443")
    assert ports_of(cluster(), PLAIN, behind).api == ServiceSet.parse("tcp/6443,tcp/7443")
    given = ports_of(cluster(), replace(PLAIN, node_ports="tcp/20000-20999"), behind)
    assert given.api == ServiceSet.parse("tcp/6443,tcp/7443,tcp/30443")
    assert given.node_ports == ServiceSet.parse("tcp/20000-20999")


def test_declared_ports_override_the_installer_s() -> None:
    declarations = Declarations(api_ports=("tcp/9443", "tcp/9444"), etcd_ports=("tcp/3996", "tcp/2399"))
    found = ports_of(cluster("kops", CILIUM), declarations, ServiceSet.parse("tcp/7443"))
    assert found.api == ServiceSet.parse("tcp/9443-9444")
    assert found.etcd == ServiceSet.parse("tcp/2399,tcp/3996")
    assert found.etcd_auxiliary & found.etcd == NONE
    assert found.etcd_from_nodes == ServiceSet.parse("tcp/4003")


def test_the_cni_decides_which_node_ports_the_control_plane_uses() -> None:
    assert ports().control_plane_to_node is None
    assert ports("kubeadm", ("cni", "nobody's")).control_plane_to_node is None
    services = ports("kubeadm", ("cni", "calico")).control_plane_to_node
    assert services is not None
    assert ServiceSet.parse("tcp/10250,tcp/179,proto/4") <= services
    assert not services & ServiceSet.parse("tcp/22")
    said = ports("kubeadm", ("cni", "calico"), policy=Declarations(cni="flannel")).control_plane_to_node
    assert said is not None
    assert ServiceSet.parse("udp/8285") <= said
    assert not said & ServiceSet.parse("tcp/179")
    assert ports("kops", ("cni", "vpc")).control_plane_to_node == ServiceSet.everything()


@pytest.mark.parametrize(
    ("roles", "services"),
    [
        ({Role.NODE}, ""),
        ({Role.BASTION}, ""),
        ({Role.CONTROL_PLANE}, "tcp/443,tcp/8443"),
        ({Role.ETCD}, "tcp/2380-2382,tcp/4001-4003"),
        ({Role.CONTROL_PLANE, Role.ETCD, Role.NODE}, "tcp/443,tcp/2380-2382,tcp/4001-4003,tcp/8443"),
    ],
)
def test_the_ports_of_the_api_and_etcd_are_judged_by_other_rows(roles: set[Role], services: str) -> None:
    found = judged_by_other_rows(ports("kops", CILIUM), frozenset(roles))
    assert found == (ServiceSet.parse(services) if services else NONE)


def test_every_port_of_the_table_has_a_source_and_a_known_kind() -> None:
    text = files("cloudguard.needs").joinpath("ports.toml").read_text(encoding="utf-8")
    kinds = {"api", "api-listener", "etcd", "etcd-auxiliary", "etcd-from-nodes", "control-plane-to-node", "cni"}
    for entry in tomllib.loads(text)["port"]:
        assert entry["kind"] in kinds
        assert entry["source"].strip()
        assert ServiceSet.parse(entry["services"]).intervals
        assert (entry["kind"] == "cni") == ("cni" in entry)
