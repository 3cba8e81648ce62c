"""Forwarding rules as Google has them: where they listen, for whom, and what they lead to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast

from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import ALL4, ALL6, AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, choice, required, text, texts
from cloudguard_gcp.access.links import link_in, part_of, required_link


@dataclass(frozen=True, slots=True)
class _Scheme:
    """A load balancing scheme; a ``managed`` one has proxies, in proxy-only subnets where it is regional."""

    outside: bool | None
    managed: bool


_SIDECARS: Final = "INTERNAL_SELF_MANAGED"
"""Nothing stands there: the clients' own sidecars connect, from the clients' addresses."""
_SCHEMES: Final = {
    "": _Scheme(outside=True, managed=False),
    "EXTERNAL": _Scheme(outside=True, managed=False),
    "EXTERNAL_MANAGED": _Scheme(outside=True, managed=True),
    "EXTERNAL_PASSTHROUGH": _Scheme(outside=True, managed=False),
    "INTERNAL": _Scheme(outside=False, managed=False),
    "INTERNAL_MANAGED": _Scheme(outside=False, managed=True),
}
"""https://cloud.google.com/compute/docs/reference/rest/v1/forwardingRules; without one, a rule's target is external
(classic), or another project's service (a Private Service Connect endpoint)."""
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
"""Without one it is of version 4 (https://cloud.google.com/compute/docs/reference/rest/v1/forwardingRules)."""
_MADE_FOR: Final = ("kubernetes.io/service-name", "networking.gke.io/service-name", "kubernetes.io/ingress-name")
"""In a forwarding rule's description (kubernetes/cloud-provider-gcp providers/gce/gce_loadbalancer_naming.go;
kubernetes/ingress-gce pkg/utils/utils.go, L4LBResourceDescription, and pkg/loadbalancers/l7.go)."""
_DECRYPTING: Final = "targetSslProxies"


@dataclass(frozen=True, slots=True)
class ForwardingRule:
    """A forwarding rule; ``links`` lead to its target, ``services`` are port by port, ``senders`` bound its clients.

    ``region`` is "" where it is global, ``outside`` None where that is unknown; ``declared_service`` is the Kubernetes
    service that it was made for ("": unknown). ``versions``: all addresses of its version of IP, of
    both where it is not known which.
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
        """Whether it connects anew, from addresses of Google's."""
        return self.managed or any("Proxies/" in link for link in self.links)

    @property
    def decrypts(self) -> bool:
        """Whether it ends TLS for whatever protocol."""
        return any(f"/{_DECRYPTING}/" in link for link in self.links)


def forwarding_rule(item: Item) -> ForwardingRule | None:
    """Return a forwarding rule, None for one of sidecars."""
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
    """Yield what it listens on, port by port and range by range; without ports, its protocol whole."""
    protocol = choice(item, "IPProtocol", _PROTOCOLS)
    ports = texts(item, "ports") or [text(item, "portRange")]
    for port in ports if protocol in {"tcp", "udp"} else [""]:
        yield ServiceSet.parse(f"{protocol}/{port}" if port else protocol)


def _versions(item: Item) -> AddressSet:
    """Return all addresses of the versions that a forwarding rule may have, by its address and what it says of them."""
    written, address = text(item, "ipVersion"), _address(text(item, "IPAddress"))
    stated = _VERSIONS.get(written, ALL4 | ALL6)
    own = AddressSet.union(every for every in (ALL4, ALL6) if address & every)
    return own | stated if written else own or stated


def _address(written: str) -> AddressSet:
    """Return the address of a forwarding rule, none (not known) where its text is no address."""
    try:
        return AddressSet.parse(written)
    except ValueError:
        return NO_ADDRESSES


def _declared(description: str) -> str:
    """Return the Kubernetes service that a forwarding rule was made for, "" where its description names none."""
    try:
        found: object = json.loads(description) if description.startswith("{") else {}
    except ValueError:
        return ""
    named: Item = cast("Item", found) if isinstance(found, dict) else {}
    return next((str(named[key]) for key in _MADE_FOR if named.get(key)), "")
