"""Proxies in front of the cluster, as load balancers of the model. They connect to members from their own subnet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cloudguard.model.load_balancers import BackendTarget, Balancer, ClientAddress, Listener, PublishedService
from cloudguard.model.source import Gap, Reason, Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.ids import parent
from cloudguard_azure.cluster.interfaces import PublicAddresses
from cloudguard_azure.cluster.load_balancers import HIDES, BackendPool, FrontEnd
from cloudguard_azure.network.ways_in.members import Member, Members


@dataclass(frozen=True, slots=True)
class ProxyRule:
    """A rule of a proxy: from ``outside`` services of a front end to ``inside`` services of a pool's members.

    ``plaintext``: the proxy connects without encryption. ``filters``: ids of the rule's own filters of clients.
    """

    id: str
    front: FrontEnd
    outside: ServiceSet
    inside: ServiceSet
    pool: BackendPool
    plaintext: bool = False
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy in ``subnets``. ``filters``: those of its subnets. ``published``: the services it offers, by front end.

    ``unclear``: why its rules are not fully parsed ("": they are). ``pools``: the pools that the rules may send to.
    """

    id: str
    name: str
    kind: str
    source: Source
    subnets: tuple[str, ...]
    rules: tuple[ProxyRule, ...]
    filters: tuple[str, ...] = ()
    published: tuple[tuple[str, PublishedService], ...] = ()
    pools: tuple[BackendPool, ...] = ()
    unclear: str = ""


@dataclass(frozen=True, slots=True)
class _Behind:
    """The cluster's part of a pool: members, and load balancers in front of members."""

    members: tuple[Member, ...]
    balancers: tuple[Balancer, ...]

    def targets(self, services: ServiceSet) -> tuple[BackendTarget, ...]:
        """Return the targets of connections to ``services`` of the pool."""
        listeners = (
            listener for balancer in self.balancers for listener in balancer.listeners if listener.service & services
        )
        targets = (BackendTarget(member.target, member.address, services) for member in self.members)
        return (*targets, *(target for listener in listeners for target in listener.targets))


@dataclass(frozen=True, eq=False, slots=True)
class Targets:
    """The targets of proxies: the cluster's members, with the addresses ``inside``, and load balancers before them.

    ``networks``: ids of the cluster's networks and their peers. In all of them an address means the same machine.
    ``linked``: further networks may be connected to them.
    """

    api: Api
    members: Members
    addresses: PublicAddresses
    inside: AddressSet
    balancers: Sequence[Balancer]
    networks: frozenset[str]
    linked: bool

    def record_unfollowed(self, source: Source, about: str, why: str) -> None:
        """Record a Gap for a path that is not followed."""
        self.api.add_gap(Gap(source.call, about, Reason.UNSUPPORTED, why, HIDES))

    def balancers_of(self, proxies: Iterable[Proxy]) -> Iterator[Balancer]:
        """Yield the front ends of proxies that lead to the cluster."""
        for proxy in proxies:
            elsewhere = not self.networks.issuperset(map(parent, proxy.subnets))
            if elsewhere and not self.linked:
                continue
            pools = dict.fromkeys((*proxy.pools, *(rule.pool for rule in proxy.rules)))
            behind = {pool: members for pool in pools if (members := self._behind(proxy, pool))}
            if behind and proxy.unclear:
                self.record_unfollowed(proxy.source, proxy.id, f"it sends to hosts of the cluster, but {proxy.unclear}")
            sent = ((rule, behind[rule.pool].targets(rule.inside)) for rule in proxy.rules if rule.pool in behind)
            leading = [(rule, targets) for rule, targets in sent if targets]
            if behind and elsewhere:
                where = "a network that is not the cluster's and not peered with it"
                self.record_unfollowed(proxy.source, proxy.id, f"it sends to addresses of the cluster from {where}")
                continue
            by_front: dict[tuple[FrontEnd, tuple[str, ...]], list[tuple[ProxyRule, tuple[BackendTarget, ...]]]] = {}
            for rule, targets in leading:
                by_front.setdefault((rule.front, rule.filters), []).append((rule, targets))
            for (front, filters), targets_of_rules in by_front.items():
                yield self._balancer(proxy, front, filters, targets_of_rules)

    def _behind(self, proxy: Proxy, pool: BackendPool) -> _Behind | None:
        """Return the cluster's part of a pool; None if it has none. Targets of unknown owners leave a Gap."""
        addresses = [addresses for _, addresses in pool.addresses if addresses & self.inside]
        members, unseen = self.members.behind(
            pool.id, replace(pool, addresses=tuple(("", address) for address in addresses))
        )
        if unseen:
            self.record_unfollowed(
                proxy.source,
                proxy.id,
                f"it sends to {unseen[0]}, and it is not known whether this is a host of the cluster",
            )
        further = [
            balancer
            for balancer in self.balancers
            if not balancer.declared_service and any(balancer.addresses & address for address in addresses)
        ]
        if any(interface.keeps_destination for interface in further):
            self.record_unfollowed(
                proxy.source, proxy.id, "it sends to a load balancer with floating IP; cloudguard does not follow it"
            )
        followed = tuple(interface for interface in further if not interface.keeps_destination)
        return _Behind(members, followed) if members or followed else None

    def _balancer(
        self,
        proxy: Proxy,
        front: FrontEnd,
        filters: tuple[str, ...],
        rules: Iterable[tuple[ProxyRule, tuple[BackendTarget, ...]]],
    ) -> Balancer:
        return Balancer(
            id=front.id,
            name=f"{proxy.name}/{front.name}",
            kind=proxy.kind,
            internet_facing=front.public,
            network=parent(proxy.subnets[0]) if proxy.subnets else "",
            subnets=proxy.subnets,
            filters=(*proxy.filters, *filters),
            groups=(),
            listeners=tuple(
                Listener(rule.id, rule.outside, targets, ClientAddress.REPLACED, proxy.source, rule.plaintext)
                for rule, targets in rules
            ),
            source=proxy.source,
            addresses=self.addresses.of(front.references) | front.address,
            dual_stack=self.addresses.may_be_version6(front.references) if front.references else front.version6,
            published=tuple(service for name, service in proxy.published if name == front.id),
        )
