"""The ports of a cluster's components by installer and network plugin (CNI), from ``ports.toml``.

Declared ports are the cluster's, and so are those of an installer that strong evidence shows. Otherwise ports are
united: Kubernetes' own and those of the installer that weak evidence shows count as the cluster's, and those of every
other installer may be.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from cloudguard.model.cluster import Cluster, Role, Strength
from cloudguard.needs.declarations import Declarations
from cloudguard.packet_sets.services import ServiceSet

SSH_AND_RDP = ServiceSet.parse("tcp/22,tcp/3389")
KUBELET = ServiceSet.parse("tcp/10250,tcp/10255")
"""The kubelet's API and its read-only port (kubernetes/website, ports-and-protocols)."""
ALL_TCP = ServiceSet.parse("tcp")
HEALTH_CHECKS = ServiceSet.parse("tcp/10256")
"""kube-proxy's health port, which balancers check (k3s-io/docs, requirements)."""
PATH_MTU = ServiceSet.parse("icmp/3/4,icmpv6/2/0")
"""Fragmentation needed, packet too big: path MTU discovery needs them from anywhere (RFC 1191, RFC 8201)."""
DEFAULT = "Kubernetes' default"
_USUAL_NODE_PORTS = ServiceSet.parse(Declarations().node_ports)
"""No component listens there; of a wider range that is declared, one may."""
NONE = ServiceSet.nothing()
ICMP = ServiceSet.parse("icmp,icmpv6")
COMMON_PROTOCOLS = ServiceSet.parse("tcp,udp,icmp,icmpv6,proto/132")
"""Protocols that the hosts of any cluster may speak: those of Services, SCTP (132) among them
(kubernetes/website, protocols for Services)."""
CLUSTER_PROTOCOLS = ServiceSet.parse("tcp,udp,icmp,icmpv6,proto/4,proto/47,proto/50-51,proto/132")
"""All protocols that a cluster's hosts speak to one another: the common ones, and the tunnels of all CNIs in
``ports.toml``."""


@cache
def _entries() -> tuple[dict[str, Any], ...]:
    text = files("cloudguard.needs").joinpath("ports.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["port"])


def _of_kind(kind: str, cluster: Cluster) -> list[dict[str, Any]]:
    extra = {value for key, value in cluster.traits if key == "etcd-cluster"}
    return [entry for entry in _entries() if entry["kind"] == kind and entry.get("etcd_cluster", "") in {"", *extra}]


def _services(kind: str, cluster: Cluster) -> ServiceSet:
    """Return the ports of ``kind`` that the evidence gives."""
    return ServiceSet.union(services for services, _ in _by_source(kind, cluster))


def _by_source(kind: str, cluster: Cluster) -> list[tuple[ServiceSet, str]]:
    """Return the ports of ``kind`` that the evidence gives, each with who says so."""
    entries = _of_kind(kind, cluster)
    own = _union(entry["services"] for entry in entries if cluster.installer in entry["installers"])
    usual = _union(entry["services"] for entry in entries if not entry["installers"])
    if own and _is_sure(cluster):
        return [(own, cluster.installer)]
    return [(usual, DEFAULT), (own - usual, f"{cluster.installer}, by weak evidence")]


def _is_sure(cluster: Cluster) -> bool:
    return cluster.installer_strength is Strength.STRONG


def _possible(kinds: Iterable[str], cluster: Cluster) -> ServiceSet:
    """Return the ports of every installer, where none is sure to have made the cluster."""
    if _is_sure(cluster):
        return ServiceSet.nothing()
    return _union(entry["services"] for kind in kinds for entry in _of_kind(kind, cluster))


def port_sources(
    kind: str, cluster: Cluster, declared: tuple[str, ...], ports: ServiceSet, possible: ServiceSet
) -> tuple[tuple[ServiceSet, str], ...]:
    """Return ``ports`` and ``possible`` ports of ``kind`` by who says that the cluster has them."""
    if declared:
        return ((ports, "declaration"),)
    given = _by_source(kind, cluster)
    others = ports - ServiceSet.union(services for services, _ in given)
    listed = (*given, (others, "a balancer sends there"), (possible, "possible: another installer's"))
    return tuple((services, source) for services, source in listed if services)


def _union(texts: Iterable[str]) -> ServiceSet:
    return ServiceSet.union(map(ServiceSet.parse, texts))


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one cluster on its hosts.

    ``api_possible``, ``etcd_possible``: further ones where the API or etcd may be, as nothing shows the installer.
    ``etcd``: client and peer ports. ``etcd_from_nodes``: those of an etcd that nodes are clients of.
    ``etcd_auxiliary``: those of etcd's helpers. ``node_ports``: without those of the hosts themselves.
    ``control_plane_to_node``: None if the CNI is not known. ``between_hosts``: what its hosts may speak to one another.
    """

    api: ServiceSet
    etcd: ServiceSet
    etcd_auxiliary: ServiceSet
    etcd_from_nodes: ServiceSet
    node_ports: ServiceSet
    control_plane_to_node: ServiceSet | None
    api_possible: ServiceSet
    etcd_possible: ServiceSet
    between_hosts: ServiceSet = CLUSTER_PROTOCOLS


def ports_of(cluster: Cluster, policy: Declarations, api_targets: ServiceSet) -> Ports:
    """Return the cluster's ports; declared ones replace all others.

    ``api_targets``: ports of control-plane hosts to which a balancer sends the API's traffic.
    """
    node_ports = ServiceSet.parse(policy.node_ports) - SSH_AND_RDP - KUBELET
    etcd = _union(policy.etcd_ports) or _services("etcd", cluster)
    from_nodes = _services("etcd-from-nodes", cluster)
    api = _union(policy.api_ports) or _services("api", cluster) | (api_targets - node_ports - etcd)
    elsewhere = (node_ports & _USUAL_NODE_PORTS) | etcd | from_nodes | api
    return Ports(
        api=api,
        etcd=etcd,
        etcd_auxiliary=_services("etcd-auxiliary", cluster) - etcd - from_nodes,
        etcd_from_nodes=from_nodes,
        node_ports=node_ports,
        control_plane_to_node=_control_plane_to_node(cluster, policy),
        api_possible=NONE if policy.api_ports else _possible(("api", "api-listener"), cluster) - elsewhere,
        etcd_possible=NONE if policy.etcd_ports else _possible(("etcd",), cluster) - elsewhere,
        between_hosts=_between_hosts(cluster, policy),
    )


def api_listeners(cluster: Cluster) -> ServiceSet:
    """Return the ports on which a balancer listens for the API."""
    return _services("api-listener", cluster)


def _of_network_plugin(cluster: Cluster, policy: Declarations) -> list[dict[str, Any]]:
    """Return the entries of the cluster's CNI; none if it is not known."""
    cni = policy.cni or dict(cluster.traits).get("cni", "")
    return [entry for entry in _entries() if entry["kind"] == "cni" and entry["cni"] == cni]


def _between_hosts(cluster: Cluster, policy: Declarations) -> ServiceSet:
    """Return what hosts speak to one another: where the CNI is known, its tunnels alone, and none of another's."""
    entries = _of_network_plugin(cluster, policy)
    if not entries:
        return CLUSTER_PROTOCOLS
    return CLUSTER_PROTOCOLS & (COMMON_PROTOCOLS | _union(entry["services"] for entry in entries))


def _control_plane_to_node(cluster: Cluster, policy: Declarations) -> ServiceSet | None:
    entries = _of_network_plugin(cluster, policy)
    if not entries:
        return None
    return _services("control-plane-to-node", cluster) | _union(entry["services"] for entry in entries)


def network_plugins() -> frozenset[str]:
    """Return the names of the CNIs whose ports are known."""
    return frozenset(str(entry["cni"]) for entry in _entries() if entry["kind"] == "cni")


def judged_by_other_rows(ports: Ports, roles: frozenset[Role]) -> ServiceSet:
    """Return the ports of a host with ``roles`` that other rows than node-access judge: the API's and etcd's."""
    api = ports.api if Role.CONTROL_PLANE in roles else ServiceSet.nothing()
    return api | ports.etcd | ports.etcd_from_nodes if Role.ETCD in roles else api
