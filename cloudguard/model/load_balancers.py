"""Load balancers as a cloud describes them: listeners, and the targets behind each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cloudguard.model.owner import Owner
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES, NO_SERVICES, Addresses, Ranges, Services


class ClientAddress(StrEnum):
    """Which address a balancer's target sees."""

    PRESERVED = "preserved"
    REPLACED = "replaced"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class BackendTarget:
    """Where a listener sends: ``service`` of a host of the cluster, by its id, or by ``address`` (empty: by id).

    ``host`` may also be the id of a pool: whatever hosts this makes.
    """

    host: str
    address: Addresses
    service: Services
    healthy: str = ""


@dataclass(frozen=True, slots=True)
class Listener:
    """What a balancer listens on: ``service`` outside, ``targets`` behind.

    ``plaintext``: the balancer itself speaks an unencrypted protocol to its targets. ``port_ranges``: the part of
    ``service`` that it takes as a range of ports, or whole, and not port by port.
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
    """A balancer offered to other networks and accounts, which reach it by a private endpoint in a network of theirs.

    ``allowed``: who may make an endpoint, in the cloud's words ("*": everyone); ``accepts_each``: its owner accepts it.
    ``filtered``: the balancer's filters see the clients, by addresses of their own networks.
    ``translated_to``: addresses that its targets see the clients at (empty: the balancer's own).
    """

    id: str
    allowed: tuple[str, ...]
    accepts_each: bool
    source: Source
    filtered: bool = True
    translated_to: Ranges = NO_ADDRESSES


@dataclass(frozen=True, slots=True)
class Balancer:
    """A load balancer. ``filters`` apply together; without any it admits everyone.

    ``internet_facing`` None: unknown.

    A target's rule that names one of ``groups`` matches what comes through it.
    ``declared_service``: the Kubernetes Service or Ingress it was made for ("" if none is known).
    ``published``: the services that offer it to others, who arrive with the balancer's own address.
    ``keeps_destination``: what it hands on stays addressed to ``addresses``, so it has none of its own inside.
    ``transparent``: it has no address in its subnets; it changes where packets go, and no more.
    ``public_ipv4``: the internet reaches it by version 4, if at all.
    ``health_checks``: addresses beside those of its subnets that it checks its targets' health from.
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
