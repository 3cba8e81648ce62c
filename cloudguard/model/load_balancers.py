"""Load balancers as a cloud describes them: listeners, and the targets of each listener."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from cloudguard.model.owner import Owner
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES, NO_SERVICES, Addresses, Ranges, Services
from cloudguard.values import dataclass

EVERYONE: Final = "*"
"""All accounts of the cloud, among those that may create an endpoint of a published service."""


class ClientAddress(StrEnum):
    """The address that a balancer's target sees: the client's (preserved) or the balancer's (replaced)."""

    PRESERVED = "preserved"
    REPLACED = "replaced"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BackendTarget:
    """A target of a listener: ``service`` of a host, registered by its id or by ``address`` (empty: by id).

    ``host`` may also be the id of a pool. It then means all hosts of the pool.
    """

    host: str
    address: Addresses
    service: Services
    healthy: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """A listener of a balancer: it listens on ``service`` and sends to ``targets``.

    ``plaintext``: the balancer itself uses an unencrypted protocol to its targets. ``port_ranges``: the part of
    ``service`` that is configured as a range of ports, or as all ports, and not port by port.
    """

    id: str
    service: Services
    targets: tuple[BackendTarget, ...]
    client_address: ClientAddress
    source: Source
    plaintext: bool = False
    port_ranges: Services = NO_SERVICES


@dataclass(frozen=True, slots=True)
class PublishedService:
    """A service that offers a balancer to other networks, which reach it by a private endpoint of their own.

    ``allowed``: who may create an endpoint, in the cloud's terms (``EVERYONE``: all). ``accepts_each``: the owner must
    accept each endpoint. ``filtered``: the balancer's filters see the clients with addresses of their own networks.
    ``translated_to``: the client addresses that the targets see (empty: the balancer's own). ``connected``: the owner
    has accepted an endpoint (None: unknown).
    """

    id: str
    allowed: tuple[str, ...]
    accepts_each: bool
    source: Source
    filtered: bool = True
    translated_to: Ranges = NO_ADDRESSES
    connected: bool | None = None

    @property
    def has_consumers(self) -> bool | None:
        """Whether someone can connect without a further decision of the owner; None if this is unknown."""
        if self.connected or (self.allowed and not self.accepts_each):
            return True
        return self.connected

    @property
    def open_to_everyone(self) -> bool:
        """Whether everyone may create an endpoint, which the owner does not have to accept."""
        return not self.accepts_each and EVERYONE in self.allowed


@dataclass(frozen=True, slots=True)
class OuterBalancer:
    """A balancer that listens on ``services`` in ``subnets`` and sends to another balancer, with the client's address.

    ``filters`` apply together. Without a filter it admits everyone. Rules of the other balancer that name one of
    ``groups`` match all traffic through this one.
    """

    services: Services
    subnets: tuple[str, ...]
    filters: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer. ``filters`` apply together. Without a filter it admits everyone.

    ``internet_facing`` None: unknown.

    A target's rule that names one of ``groups`` matches traffic through the balancer.
    ``declared_service``: the Kubernetes Service or Ingress that it was made for ("": none is known).
    ``published``: the services that offer it to other networks. Their clients arrive with the balancer's own address.
    ``keeps_destination``: forwarded packets stay addressed to ``addresses``. It has no other address inside.
    ``transparent``: it has no address in its subnets, and changes only the destination of packets.
    ``public_ipv4``: if it faces the internet, it has a public IPv4 address.
    ``health_checks``: the addresses outside its subnets from which it checks its targets' health.
    ``outer``: the balancer through which clients arrive (None: they connect to this one).
    """

    id: str
    name: str
    kind: str
    internet_facing: bool | None
    network: str
    subnets: tuple[str, ...]
    filters: tuple[str, ...]
    groups: tuple[str, ...]
    listeners: tuple[Listener, ...]
    source: Source
    addresses: Ranges = NO_ADDRESSES
    declared_service: str = ""
    dual_stack: bool = False
    keeps_destination: bool = False
    published: tuple[PublishedService, ...] = ()
    health_checks: Ranges = NO_ADDRESSES
    transparent: bool = False
    public_ipv4: bool = True
    written_by: Owner | None = None
    outer: OuterBalancer | None = None

    @property
    def first_filters(self) -> tuple[str, ...]:
        """The filters that clients pass first."""
        return self.outer.filters if self.outer and self.outer.filters else self.filters

    @property
    def front(self) -> OuterBalancer | Balancer:
        """The balancer to which clients connect: the outer one, or this one."""
        return self.outer or self

    def listens_on(self, listener: Listener) -> Services:
        """Return the services on which clients connect to one of its listeners, or to the outer balancer."""
        return self.outer.services if self.outer else listener.service

    @property
    def all_filters(self) -> tuple[str, ...]:
        """The filters of this balancer and of the outer one."""
        return (*self.outer.filters, *self.filters) if self.outer else self.filters
