"""The targets of a load balancer: interfaces of the cluster's hosts, and of the next hosts of its scale sets.

Interfaces refer to pools and NAT rules, and pools refer to IP configurations. Both references make a member.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from cloudguard.model.cluster import Host, Pool
from cloudguard.model.network import Interface
from cloudguard.model.text_forms import NO_ADDRESSES, read_addresses
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.provider.answers import AnswerError, Item, child, children, flag, text
from cloudguard.values import dataclass
from cloudguard_azure.access.ids import ids_in, own_id, parent, parts, subscription_of
from cloudguard_azure.cluster.load_balancers import BackendPool

_OF_INTERFACES: Final = ("loadBalancerBackendAddressPools", "loadBalancerInboundNatRules")
_OF_SCALE_SETS: Final = ("loadBalancerBackendAddressPools", "loadBalancerInboundNatPools")
APPLICATION_GATEWAYS: Final = "applicationGatewayBackendAddressPools"


@dataclass(frozen=True, slots=True)
class Member:
    """A host or a pool, by its id, at ``address`` (empty: its primary address), in one of ``subnets``."""

    target: str
    address: AddressSet
    subnets: tuple[str, ...]


class Members:
    """The cluster's members of balancers, by the ids that refer to them.

    Interfaces and scale sets are added in Azure's form.
    """

    def __init__(self, hosts: Iterable[Host], pools: Iterable[Pool]) -> None:
        self._hosts = {host.id: host for host in hosts}
        self._pools = {pool.id: Member(pool.id, NO_ADDRESSES, pool.subnets) for pool in pools}
        self._subscriptions = {subscription_of(name) for name in (*self._hosts, *self._pools)}
        self._own = {interface.id: (host, interface) for host in self._hosts.values() for interface in host.interfaces}
        self._by_configuration: dict[str, Member] = {}
        self._by_reference: dict[str, dict[Member, None]] = {}
        self._by_address: dict[AddressSet, list[tuple[str, Member]]] = {}
        self._behind: dict[str, tuple[tuple[Member, ...], tuple[str, ...]]] = {}
        self._others = set[str]()

    def add_interface(self, item: Item) -> None:
        """Add the references of an interface, if it is the cluster's. Raises AnswerError if it can't be parsed."""
        name = own_id(item)
        if name not in self._own:
            self._others.add(name)
            return
        host, interface = self._own[name]
        for configuration in children(child(item, "properties"), "ipConfigurations"):
            inside = child(configuration, "properties")
            address = read_addresses(text(inside, "privateIPAddress"))
            member = _member(host, interface, address, primary=flag(inside, "primary", default=True))
            self._by_configuration[own_id(configuration)] = member
            self._by_address.setdefault(address, []).append((parent(interface.subnet), member))
            self._add_references(inside, (*_OF_INTERFACES, APPLICATION_GATEWAYS), member)

    def add_scale_set(self, item: Item) -> None:
        """Add the references of a scale set's next host. Raises AnswerError if a further interface has some."""
        member = self._pools.get(own_id(item))
        network = child(item, "properties", "virtualMachineProfile", "networkProfile")
        listed = parts(network, "networkInterfaceConfigurations")
        for interface in listed if member else ():
            inner = parts(interface, "ipConfigurations")
            for configuration in inner:
                self._add_references(configuration, (*_OF_SCALE_SETS, APPLICATION_GATEWAYS), member)
            further = len(listed) > 1 and not flag(interface, "primary")
            if further and any(children(configuration, key) for configuration in inner for key in _OF_SCALE_SETS):
                message = "a secondary interface of its next host is behind a load balancer"
                raise AnswerError(message)

    def _add_references(self, configuration: Item, keys: Iterable[str], member: Member | None) -> None:
        for name in (name for key in keys for name in ids_in(configuration, key)):
            if member is not None:
                self._by_reference.setdefault(name, {})[member] = None

    @property
    def references(self) -> frozenset[str]:
        """The ids of pools and NAT rules that the cluster's interfaces and scale sets refer to."""
        return frozenset(self._by_reference)

    def behind(self, link: str, pool: BackendPool | None) -> tuple[tuple[Member, ...], tuple[str, ...]]:
        """Return the members that a rule's link leads to, and the IP configurations whose owner is unknown.

        ``link``: the id of a pool, of a NAT rule or NAT pool, or of an IP configuration. ``pool``: the pool, with its
        own members.
        """
        known = self._behind.get(link)
        if known is None:
            members, unseen = dict.fromkeys(self._by_reference.get(link, ())), list[str]()
            for name in pool.configurations if pool else (link,) if "/ipconfigurations/" in link else ():
                of_name = self.of_configuration(name)
                unseen += [name] if of_name is None else []
                members |= dict.fromkeys(of_name or ())
            for network, address in pool.addresses if pool else ():
                members |= dict.fromkeys(self._members_at(network, address))
            known = self._behind[link] = tuple(members), tuple(unseen)
        return known

    def _members_at(self, network: str, address: AddressSet) -> Iterator[Member]:
        """Yield the members that have an address in a network ("": in any)."""
        for network_of, member in self._by_address.get(address, ()):
            if not network_of or network in {"", network_of}:
                yield member

    def of_configuration(self, name: str) -> tuple[Member, ...] | None:
        """Return the members of an IP configuration id: none if it is not the cluster's; None if this is unknown."""
        cached = self._by_configuration.get(name)
        if cached is not None:
            return (cached,)
        machine = name.partition("/networkinterfaces/")[0]
        host = self._hosts.get(machine)
        if host is not None:
            return (
                Member(host.id, NO_ADDRESSES, tuple(dict.fromkeys(interface.subnet for interface in host.interfaces))),
            )
        scale_set, of_scale_set, _ = machine.partition("/virtualmachines/")
        if of_scale_set:
            return (self._pools[scale_set],) if scale_set in self._pools else ()
        known = parent(name) in self._others or subscription_of(name) not in self._subscriptions
        return () if known else None


def _member(host: Host, interface: Interface, address: AddressSet, *, primary: bool) -> Member:
    """Return a host at an address of an interface, or without address if that is the primary one of its only interface.

    Other addresses may be pods'.
    """
    exact = address in interface.addresses and not (primary and len(host.interfaces) == 1)
    return Member(host.id, address if exact else NO_ADDRESSES, (interface.subnet,))
