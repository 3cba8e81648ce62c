"""The ports of a cluster's components by installer and network plugin (CNI), from ``ports.toml``.

Declared ports are the cluster's ports. Otherwise, if strong evidence shows the installer, its ports are the cluster's
ports. Otherwise the cluster's ports are Kubernetes' default ports and the ports of the installer that weak evidence
shows; the ports of every other installer are possible ports.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache

from cloudguard.model.cluster import Cluster, Role, Strength
from cloudguard.needs.declarations import Declarations
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.tables import record, table_of
from cloudguard.values import dataclass

SSH_AND_RDP = ServiceSet.parse("tcp/22,tcp/3389")
KUBELET = ServiceSet.parse("tcp/10250,tcp/10255")
"""The kubelet's API and its read-only port (kubernetes/website, ports-and-protocols)."""
ALL_TCP = ServiceSet.parse("tcp")
PLAIN_HTTP = ServiceSet.parse("tcp/80")
"""The port of unencrypted HTTP (IANA). The API server encrypts; its former insecure port is 8080."""
HEALTH_CHECKS = ServiceSet.parse("tcp/10256")
"""kube-proxy's health port, which load balancers check (k3s-io/docs, requirements)."""
PATH_MTU = ServiceSet.parse("icmp/3/4,icmpv6/2/0")
"""The ICMP messages "fragmentation needed" and "packet too big". Path MTU discovery needs them from any address
(RFC 1191, RFC 8201)."""
DEFAULT = "Kubernetes' default"
_USUAL_NODE_PORTS = ServiceSet.parse(Declarations().node_ports)
"""The default NodePort range, where no component listens. In a wider declared range, a component may listen."""
NONE = ServiceSet.nothing()
ICMP = ServiceSet.parse("icmp,icmpv6")
COMMON_PROTOCOLS = ServiceSet.parse("tcp,udp,icmp,icmpv6,proto/132")
"""Protocols that the hosts of any cluster may use: the protocols of Services, including SCTP (132)
(kubernetes/website, protocols for Services)."""
CLUSTER_PROTOCOLS = ServiceSet.parse("tcp,udp,icmp,icmpv6,proto/4,proto/47,proto/50-51,proto/132")
"""All protocols between a cluster's hosts: the common protocols, and the tunnels of all CNIs in ``ports.toml``."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An entry of ``ports.toml``. ``installers`` empty: Kubernetes' default ports, or the ports of a CNI."""

    kind: str
    services: ServiceSet
    source: str
    installers: tuple[str, ...] = ()
    cni: str = ""
    etcd_cluster: str = ""


@cache
def _entries() -> tuple[_Entry, ...]:
    listed = table_of("cloudguard.needs", "ports.toml")["port"]
    return tuple(record(_Entry, entry, services=ServiceSet.parse) for entry in listed)


def _of_kind(kind: str, cluster: Cluster) -> list[_Entry]:
    extra = {value for key, value in cluster.traits if key == "etcd-cluster"}
    return [entry for entry in _entries() if entry.kind == kind and entry.etcd_cluster in {"", *extra}]


def _services(kind: str, cluster: Cluster) -> ServiceSet:
    """Return the cluster's ports of ``kind``, by the evidence for its installer."""
    return ServiceSet.union(services for services, _ in _by_source(kind, cluster))


def _by_source(kind: str, cluster: Cluster) -> list[tuple[ServiceSet, str]]:
    """Return the cluster's ports of ``kind``, by the evidence for its installer, each with its source in words."""
    entries = _of_kind(kind, cluster)
    of_installer = ServiceSet.union(entry.services for entry in entries if cluster.installer in entry.installers)
    usual = ServiceSet.union(entry.services for entry in entries if not entry.installers)
    if of_installer and _is_sure(cluster):
        return [(of_installer, cluster.installer)]
    return [(usual, DEFAULT), (of_installer - usual, f"{cluster.installer}, by weak evidence")]


def _is_sure(cluster: Cluster) -> bool:
    return cluster.installer_strength is Strength.STRONG


def _possible(kinds: Iterable[str], cluster: Cluster) -> ServiceSet:
    """Return the ports of ``kinds`` of all installers; none if strong evidence shows the cluster's installer."""
    if _is_sure(cluster):
        return ServiceSet.nothing()
    return ServiceSet.union(entry.services for kind in kinds for entry in _of_kind(kind, cluster))


def _sources(
    stated: list[tuple[ServiceSet, str]], ports: ServiceSet, possible: ServiceSet
) -> tuple[tuple[ServiceSet, str], ...]:
    """Return ``ports`` and ``possible`` ports, each with its source in words. ``stated``: the ports with a source."""
    others = ports - ServiceSet.union(services for services, _ in stated)
    listed = (
        *stated,
        (others, "a load balancer sends to this port"),
        (possible, "possible: the installer is unknown"),
    )
    return tuple((services, source) for services, source in listed if services)


def _union(texts: Iterable[str]) -> ServiceSet:
    return ServiceSet.union(map(ServiceSet.parse, texts))


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports of one cluster on its hosts.

    ``api_possible``, ``etcd_possible``: further ports where the API or etcd may listen, because nothing shows the
    installer. ``etcd``: client and peer ports. ``etcd_from_nodes``: ports of an etcd whose clients are the nodes.
    ``etcd_auxiliary``: ports of etcd's helper programs. ``node_ports``: the NodePorts without SSH, RDP and kubelet.
    ``control_plane_to_node``: None if the CNI is not known. ``between_hosts``: all services between the hosts; if the
    CNI is known, without the tunnels of other CNIs. ``api_sources``, ``etcd_sources``: the ports of the API and of
    etcd, also the possible ones, each with its source in words.
    """

    api: ServiceSet
    etcd: ServiceSet
    etcd_auxiliary: ServiceSet
    etcd_from_nodes: ServiceSet
    node_ports: ServiceSet
    control_plane_to_node: ServiceSet | None
    api_possible: ServiceSet
    etcd_possible: ServiceSet
    between_hosts: ServiceSet
    api_sources: tuple[tuple[ServiceSet, str], ...]
    etcd_sources: tuple[tuple[ServiceSet, str], ...]

    def allowed_between(self, sender: Collection[Role], target: Collection[Role]) -> ServiceSet:
        """Return the services that the cluster's hosts, by their roles, may use on others. Pods have no roles.

        Only control-plane and etcd hosts may use the services of etcd.
        """
        if Role.ETCD in target and Role.CONTROL_PLANE not in sender and Role.ETCD not in sender:
            return self.between_hosts - self.etcd - self.etcd_auxiliary
        return self.between_hosts


def ports_of(
    cluster: Cluster, policy: Declarations, api_targets: ServiceSet, other_targets: ServiceSet = NONE
) -> Ports:
    """Return the cluster's ports. Declared ports replace all others.

    ``api_targets``: ports of control-plane hosts to which a load balancer forwards the API's traffic.
    ``other_targets``: further ports of control-plane hosts to which a load balancer forwards. The API may listen there
    if nothing shows the installer.
    """
    node_ports = ServiceSet.parse(policy.node_ports) - SSH_AND_RDP - KUBELET
    declared_api, declared_etcd = _union(policy.api_ports), _union(policy.etcd_ports)
    etcd, from_nodes = declared_etcd or _services("etcd", cluster), _services("etcd-from-nodes", cluster)
    of_cni = _of_network_plugin(policy.cni or dict(cluster.traits).get("cni", ""))
    api = declared_api or _services("api", cluster) | (api_targets - node_ports - etcd)
    elsewhere = (node_ports & _USUAL_NODE_PORTS) | etcd | from_nodes | api
    possible = _possible(("api", "api-listener"), cluster) | (NONE if _is_sure(cluster) else other_targets)
    api_possible = NONE if declared_api else possible - elsewhere
    etcd_possible = NONE if declared_etcd else _possible(("etcd",), cluster) - elsewhere
    api_stated = [(declared_api, "declaration")] if declared_api else _by_source("api", cluster)
    etcd_stated = [(declared_etcd, "declaration")] if declared_etcd else _by_source("etcd", cluster)
    etcd_stated += _by_source("etcd-from-nodes", cluster)
    return Ports(
        api=api,
        etcd=etcd,
        etcd_auxiliary=_services("etcd-auxiliary", cluster) - etcd - from_nodes,
        etcd_from_nodes=from_nodes,
        node_ports=node_ports,
        control_plane_to_node=_services("control-plane-to-node", cluster) | of_cni if of_cni else None,
        api_possible=api_possible,
        etcd_possible=etcd_possible,
        between_hosts=CLUSTER_PROTOCOLS & (COMMON_PROTOCOLS | of_cni) if of_cni else CLUSTER_PROTOCOLS,
        api_sources=_sources(api_stated, api, api_possible),
        etcd_sources=_sources(etcd_stated, etcd | from_nodes, etcd_possible),
    )


def api_listeners(cluster: Cluster) -> ServiceSet:
    """Return the ports on which a load balancer listens for the API."""
    return _services("api-listener", cluster)


def _of_network_plugin(cni: str) -> ServiceSet:
    """Return the ports of a CNI; none if it is not known."""
    return ServiceSet.union(entry.services for entry in _entries() if entry.kind == "cni" and entry.cni == cni)


def network_plugins() -> frozenset[str]:
    """Return the names of the CNIs whose ports are known."""
    return frozenset(entry.cni for entry in _entries() if entry.kind == "cni")


def judged_by_other_rows(ports: Ports, roles: Collection[Role]) -> ServiceSet:
    """Return the ports of a host with ``roles`` that another row than node-access judges: the API's and etcd's."""
    api = ports.api if Role.CONTROL_PLANE in roles else ServiceSet.nothing()
    return api | ports.etcd | ports.etcd_from_nodes if Role.ETCD in roles else api
