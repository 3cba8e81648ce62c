"""The context of a judgement: the snapshot, the declarations, the reachability engine and the cluster's ports."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property

from cloudguard.authorization.excess import Comparer
from cloudguard.model.cluster import Cluster, Host, Role
from cloudguard.model.filters import Direction
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.load_balancers import Balancer, ClientAddress, Listener
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import FactKind
from cloudguard.model.ways_in import WayIn, WayInTarget
from cloudguard.needs.declarations import Declarations
from cloudguard.needs.in_force import is_many, range_of
from cloudguard.needs.ports import (
    ALL_TCP,
    KUBELET,
    PLAIN_HTTP,
    SSH_AND_RDP,
    Ports,
    api_listeners,
    judged_by_other_rows,
    ports_of,
)
from cloudguard.packet_sets.addresses import PUBLIC, AddressSet
from cloudguard.packet_sets.bounds import Bounds, exactly
from cloudguard.packet_sets.packets import PacketSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.reachability.host_classes import HostClass
from cloudguard.reachability.paths import Reachability
from cloudguard.reachability.senders import Sender
from cloudguard.results.change import KeptTraffic, PeerOf, RulePeer
from cloudguard.results.report import Assumed, NotAsked, gap_text
from cloudguard.values import cached_method, dataclass

NETWORK_FACTS = frozenset(
    {FactKind.HOSTS, FactKind.POOLS, FactKind.FILTERS, FactKind.MEMBERS, FactKind.ROUTES, FactKind.BALANCERS}
)
"""The kinds of facts that every answer about the network of hosts needs.

Address lists are not among them: only traffic that a rule or route with an unread list may let in is undecided.
"""
TO_HOSTS = (WayInTarget.HOST, WayInTarget.BALANCER)
"""The targets of the ways in to hosts."""
WAY_OUT = "the cluster's own hosts (outbound addresses)"
NAME_HOSTS = "name the hosts with --control-plane-tag, --node-tag, --etcd-tag or --host"
NO_CONTROL_PLANE = (
    "no control-plane host and no managed endpoint was found; name the hosts with --control-plane-tag, or check the "
    "cluster or account that runs the control plane for this one"
)
NO_NODE = (
    "no node was found; name the nodes with --node-tag, or a control-plane host that is also a node with "
    "--host ID=control-plane,node"
)
NO_ETCD = (
    "no etcd host was found; name them with --etcd-tag or --control-plane-tag, or check the cluster or account that "
    "runs etcd for this one"
)


@dataclass(frozen=True)
class Context:
    """One cluster to judge."""

    snapshot: Snapshot
    declarations: Declarations
    reach: Reachability
    iam_catalog: IamCatalog | None = None
    ways_in: tuple[WayIn, ...] = ()

    @property
    def cluster(self) -> Cluster:
        """The cluster."""
        return self.snapshot.cluster

    @cached_property
    def comparer(self) -> Comparer | None:
        """Compares the granted permissions of identities with the needed ones. None if there is no IAM catalog."""
        if self.iam_catalog is None:
            return None
        return Comparer(self.cluster, self.snapshot.identities, self.iam_catalog, self.declarations)

    @cached_property
    def ports(self) -> Ports:
        """The cluster's ports. The API's include the host ports to which balancers in front of the API forward."""
        listeners, at_listeners, others = api_listeners(self.cluster), ServiceSet.nothing(), ServiceSet.nothing()
        for target in self.with_role(Role.CONTROL_PLANE):
            for registration in target.key.registrations:
                services = registration.listener.service | registration.service
                if registration.balancer.declared_service:
                    continue
                if services & listeners:
                    at_listeners |= registration.service
                elif not target.has(Role.NODE):
                    others |= (registration.service & ALL_TCP) - PLAIN_HTTP
        login = SSH_AND_RDP | KUBELET
        return ports_of(self.cluster, self.declarations, at_listeners - login, others - login)

    @property
    def has_nodes(self) -> bool:
        """Whether any node was found, or a pool that creates nodes."""
        return any(Role.NODE in member.roles for member in self.cluster.hosts_and_pools)

    @cached_property
    def administrators(self) -> AddressSet:
        """The addresses of declared administrators. Empty if the list is very wide and no reason is declared for it."""
        listed = AddressSet.of(self.declarations.admin_cidrs or ())
        refused = is_many(listed & PUBLIC) and not self.declarations.admin_reason
        return AddressSet.nothing() if refused else listed

    def with_role(self, role: Role) -> tuple[HostClass, ...]:
        """Return the host classes that have ``role``."""
        return tuple(host_class for host_class in self.reach.classes if host_class.has(role))

    @cached_property
    def own_addresses(self) -> AddressSet:
        """The addresses that the cluster's own hosts and pods have today.

        In the ranges of pods, addresses that hosts outside the cluster have are left out.
        """
        return self.addresses_of(self.reach.classes) | (self.cluster.pod_ranges - self.addresses_of_others())

    def addresses_of_others(self, *, certain: bool = False) -> AddressSet:
        """Return the addresses of interfaces outside the cluster. ``certain``: only of those that open connections."""
        topology = self.snapshot.topology
        others = (*topology.external_members, *(topology.neighbours or ()))
        sending = [interface for interface in others if not (certain and interface.uncertain)]
        return AddressSet.union(addresses for interface in sending for addresses in interface.addresses)

    def addresses_of(self, classes: tuple[HostClass, ...]) -> AddressSet:
        """Return the addresses that hosts of ``classes`` have today."""
        return AddressSet.union(host_class.addresses for host_class in classes)

    @cached_method
    def declared_traffic(self, target: HostClass) -> tuple[KeptTraffic, ...]:
        """Return the traffic that the user declares as needed to a class's hosts."""
        kept: list[KeptTraffic] = []
        if target.has(Role.NODE):
            for service in self.declarations.services:
                services, why = ServiceSet.parse(service.services), service.reason or "a declared service"
                kept += [keep_from(source, services, why) for source in service.sources]
        needs = (need for need in self.declarations.needs if need.role in target.key.roles)
        return (*kept, *(keep_from(need.peer, ServiceSet.parse(need.services), need.reason) for need in needs))

    @cached_method
    def declared_packets(self, target: HostClass) -> PacketSet:
        """Return the declared traffic from addresses to a class's hosts."""
        ranges = (kept for kept in self.declared_traffic(target) if kept.peer.kind is PeerOf.RANGE)
        return PacketSet.of((AddressSet.parse(kept.peer.value), kept.services) for kept in ranges)

    @cached_method
    def declared_groups(self, target: HostClass) -> Mapping[str, ServiceSet]:
        """Return the services that the user declares for members of groups to a class's hosts, by group."""
        groups = defaultdict[str, ServiceSet](ServiceSet)
        for kept in self.declared_traffic(target):
            if kept.peer.kind is PeerOf.GROUP:
                groups[kept.peer.value] |= kept.services
        return groups

    def needed_by_balancers(self, target: HostClass) -> tuple[KeptTraffic, ...]:
        """Return the traffic that balancers in front of a class need.

        A balancer whose group is already let in by a rule is left out. The senders are the balancer's own addresses,
        which send health checks and may replace the client's address. For a service they are also its clients, if the
        host sees the clients' addresses. Ports that other rows judge are left out: those rows keep their traffic.
        """
        allowed = self.reach.allowed_in(target)
        elsewhere = judged_by_other_rows(self.ports, target.key.roles)
        needed = dict[KeptTraffic, None]()
        for registration in target.key.registrations:
            balancer, listener = registration.balancer, registration.listener
            sent = registration.service - allowed.of_group(balancer.groups) - elsewhere
            peers = [*self.reach.senders.of_balancer(balancer).cidrs()] if sent else []
            why = f"{balancer.kind}/{balancer.name} and its health checks"
            needed |= {keep_from(peer, sent, why): None for peer in peers}
            published = sent - incidental_ports(listener) if balancer.declared_service else sent & self.ports.node_ports
            if published and listener.client_address is not ClientAddress.REPLACED:
                why = f"clients of {balancer.kind}/{balancer.name}"
                needed |= {keep_from(peer, published, why): None for peer in self._clients(balancer, listener)}
        return tuple(needed)

    def _clients(self, balancer: Balancer, listener: Listener) -> tuple[str, ...]:
        """Return the CIDRs that a balancer's own filters let in to a listener.

        Other clients never reach the host, so that the host needs no rule for them.
        """
        traffic = self.reach.filters.allowed_traffic(balancer.filters, Direction.INGRESS)
        admitted = traffic.by_address.lower.on(listener.service)
        if balancer.internet_facing:
            return admitted.cidrs()
        inside = self.reach.senders.inside(balancer.subnets)
        return tuple(cidr for sender in inside for cidr in (sender.addresses & admitted).cidrs())

    def undeclared(self, target: HostClass, sender: Sender, allowed: Bounds) -> Bounds:
        """Return the part of ``allowed`` that no declaration covers, neither by the sender's groups nor by address."""
        for group, services in self.declared_groups(target).items():
            if group in sender.groups:
                allowed = allowed.only(ServiceSet.everything() - services)
        return allowed - exactly(self.declared_packets(target)) if sender.identified else allowed

    def without_interfaces(self, hosts: Iterable[Host]) -> tuple[str, ...]:
        """Return a line for each of ``hosts`` without a known interface."""
        return tuple(f"no interface of {host.id} ({host.name}) was read" for host in hosts if not host.interfaces)

    def not_asked(self, *targets: WayInTarget) -> tuple[NotAsked, ...]:
        """Return the ways in to ``targets`` that the snapshot's reading did not ask for."""
        unknown = (way_in for way_in in self.ways_in if way_in.id not in self.snapshot.asked)
        return tuple(
            NotAsked(way_in.name, way_in.would_help) for way_in in unknown if not {*targets}.isdisjoint(way_in.leads_to)
        )

    @property
    def assumed_empty(self) -> tuple[Assumed, ...]:
        """The assumptions made because the caller said that a call would return nothing (``assume_empty``)."""
        return tuple(Assumed(f"{call} returns nothing", "assume_empty") for call in self.snapshot.assumed_empty)

    @property
    def endpoint_facts(self) -> frozenset[FactKind]:
        """The fact kind ``ENDPOINT`` if the control plane is managed. Empty if hosts run the control plane."""
        return frozenset({FactKind.ENDPOINT}) if self.cluster.managed else frozenset()

    def missing(self, kinds: frozenset[FactKind]) -> tuple[str, ...]:
        """Return a line for each gap that hides facts of any of ``kinds``. Equal lines appear once."""
        return tuple(dict.fromkeys(gap_text(gap) for gap in self.snapshot.gaps_hiding(kinds)))


def incidental_ports(listener: Listener) -> ServiceSet:
    """Return the SSH, RDP and kubelet ports that a Service's listener exposes only because it forwards a port range."""
    return (SSH_AND_RDP | KUBELET) & listener.port_ranges


def keep_from(peer: str, services: ServiceSet, why: str) -> KeptTraffic:
    """Return the traffic on ``services`` to keep from ``peer``, a CIDR or a group, with the reason ``why``."""
    return KeptTraffic(RulePeer(PeerOf.RANGE if range_of(peer) else PeerOf.GROUP, peer), services, why)


def tally(hosts: Iterable[Host]) -> tuple[tuple[str, int], ...]:
    """Return the number of hosts for each combination of roles, such as ("control-plane+etcd", 3)."""
    return tuple(sorted(Counter("+".join(host.roles) or "unknown role" for host in hosts).items()))
