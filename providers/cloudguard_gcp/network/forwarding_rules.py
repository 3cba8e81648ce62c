"""Forwarding rules of the Compute API: their address, ports, clients and targets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, cast

from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, choice, required, text, texts
from cloudguard.values import dataclass
from cloudguard_gcp.access.links import link_in, part_of, required_link


@dataclass(frozen=True, slots=True)
class _Scheme:
    """A load balancing scheme. A ``managed`` scheme uses proxies; a regional one has them in proxy-only subnets."""

    outside: bool | None
    managed: bool


_SIDECARS: Final = "INTERNAL_SELF_MANAGED"
"""The scheme of a rule without a balancer: the clients' own sidecars connect, from the clients' addresses."""
_SCHEMES: Final = {
    "": _Scheme(outside=True, managed=False),
    "EXTERNAL": _Scheme(outside=True, managed=False),
    "EXTERNAL_MANAGED": _Scheme(outside=True, managed=True),
    "EXTERNAL_PASSTHROUGH": _Scheme(outside=True, managed=False),
    "INTERNAL": _Scheme(outside=False, managed=False),
    "INTERNAL_MANAGED": _Scheme(outside=False, managed=True),
}
"""https://cloud.google.com/compute/docs/reference/rest/v1/forwardingRules; a rule without a scheme has an external
target (classic), or a service of another project (a Private Service Connect endpoint).
"""
_UNKNOWN_SCHEME: Final = _Scheme(outside=None, managed=False)
_PROTOCOLS: Final = {
    "": "tcp",
    "TCP": "tcp",
    "UDP": "udp",
    "ICMP": "icmp",
    "ESP": "proto/50",
    "AH": "proto/51",
    "SCTP": "proto/132",
    "L3_DEFAULT": "all",
}
_VERSIONS: Final = {"": ALL4, "IPV4": ALL4, "IPV6": ALL6}
"""A rule without a version has version 4 (https://cloud.google.com/compute/docs/reference/rest/v1/forwardingRules)."""
_SERVICE_KEYS: Final = ("kubernetes.io/service-name", "networking.gke.io/service-name", "kubernetes.io/ingress-name")
"""Keys in a forwarding rule's description that name the Kubernetes service (kubernetes/cloud-provider-gcp
providers/gce/gce_loadbalancer_naming.go; kubernetes/ingress-gce pkg/utils/utils.go, L4LBResourceDescription, and
pkg/loadbalancers/l7.go).
"""
_DECRYPTING: Final = "targetSslProxies"


@dataclass(frozen=True, slots=True)
class ForwardingRule:
    """A forwarding rule: ``links`` to its targets, ``services`` port by port, ``senders`` that may use it.

    ``region`` is "" for a global rule. ``outside`` is None if it is unknown whether the rule faces the internet.
    ``declared_service`` is the Kubernetes service that the rule was made for ("": unknown). ``versions``: all addresses
    of its IP version, or of both versions if it is unknown.
    """

    id: str
    name: str
    region: str
    network: str
    links: tuple[str, ...]
    outside: bool | None
    managed: bool
    services: tuple[ServiceSet, ...]
    address: AddressSet
    senders: tuple[AddressSet, ...]
    declared_service: str
    versions: AddressSet

    @property
    def is_proxy(self) -> bool:
        """Whether the rule leads to a proxy, which opens a new connection from Google's addresses."""
        return self.managed or any("Proxies/" in link for link in self.links)

    @property
    def decrypts(self) -> bool:
        """Whether the rule ends TLS for any protocol (target SSL proxy)."""
        return any(f"/{_DECRYPTING}/" in link for link in self.links)


def forwarding_rule(item: Item) -> ForwardingRule | None:
    """Return a forwarding rule; None for a rule of sidecars."""
    if text(item, "loadBalancingScheme") == _SIDECARS:
        return None
    link, scheme = required_link(item), _SCHEMES.get(text(item, "loadBalancingScheme"), _UNKNOWN_SCHEME)
    return ForwardingRule(
        id=link,
        name=required(item, "name"),
        region=part_of(link, "regions"),
        network=link_in(item, "network"),
        links=tuple(filter(None, (text(item, "target"), text(item, "backendService")))),
        outside=scheme.outside,
        managed=scheme.managed,
        services=tuple(_services(item)),
        address=_address(text(item, "IPAddress")),
        senders=tuple(map(AddressSet.parse, texts(item, "sourceIpRanges"))),
        declared_service=_declared(text(item, "description")),
        versions=_versions(item),
    )


def _services(item: Item) -> Iterator[ServiceSet]:
    """Yield the services of a rule's listener, one for each port or range; the whole protocol if it has no ports."""
    protocol = choice(item, "IPProtocol", _PROTOCOLS)
    ports = texts(item, "ports") or [text(item, "portRange")]
    for port in ports if protocol in {"tcp", "udp"} else [""]:
        yield ServiceSet.parse(f"{protocol}/{port}" if port else protocol)


def _versions(item: Item) -> AddressSet:
    """Return all addresses of the IP versions that a rule may have, by its address and its field ``ipVersion``."""
    written, address = text(item, "ipVersion"), _address(text(item, "IPAddress"))
    stated = _VERSIONS.get(written, ALL4 | ALL6)
    own_addresses = AddressSet.union(every for every in (ALL4, ALL6) if address & every)
    return own_addresses | stated if written else own_addresses or stated


def _address(written: str) -> AddressSet:
    """Return the address of a forwarding rule; none (unknown) if its text is not an address."""
    try:
        return AddressSet.parse(written)
    except ValueError:
        return NO_ADDRESSES


def _declared(description: str) -> str:
    """Return the Kubernetes service that a forwarding rule was made for; "" if its description names none."""
    try:
        members: object = json.loads(description) if description.startswith("{") else {}
    except ValueError:
        return ""
    named: Item = cast("Item", members) if isinstance(members, dict) else {}
    return next((str(named[key]) for key in _SERVICE_KEYS if named.get(key)), "")
