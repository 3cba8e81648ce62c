"""Forwarding rules as balancers: those that lead to a host of the cluster.

Passthrough ones hand on the client's packets as they are; proxies connect anew from addresses of Google's
(https://cloud.google.com/load-balancing/docs/load-balancing-overview).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from cloudguard.model.cluster import Host
from cloudguard.model.filters import Action, Direction, Filter, Peer, Rule
from cloudguard.model.load_balancers import BackendTarget, Balancer, ClientAddress, Listener
from cloudguard.model.network import Subnet
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import LIST_FORWARDING_RULES
from cloudguard_gcp.access.links import part_of, short
from cloudguard_gcp.network.backends import Backends, Reached
from cloudguard_gcp.network.routes import front_ends, proxy_subnets, regional_proxies

_MANAGED: Final = frozenset({"EXTERNAL_MANAGED", "INTERNAL_MANAGED"})
_OUTSIDE: Final = frozenset({"EXTERNAL", "EXTERNAL_MANAGED"})
_SIDECARS: Final = "INTERNAL_SELF_MANAGED"
"""Nothing stands there: the clients' own sidecars connect, from the clients' addresses."""
_MADE_FOR: Final = ("kubernetes.io/service-name", "networking.gke.io/service-name", "kubernetes.io/ingress-name")
"""In a forwarding rule's description (kubernetes/cloud-provider-gcp providers/gce/gce_loadbalancer_naming.go;
kubernetes/ingress-gce pkg/utils/utils.go, L4LBResourceDescription, and pkg/loadbalancers/l7.go)."""
_PLAIN: Final = frozenset({"HTTP", "H2C"})
_PROTOCOLS: Final = {"icmp": "icmp", "esp": "proto/50", "ah": "proto/51", "sctp": "proto/132"}
_DECRYPTING: Final = "targetSslProxies"


@dataclass(frozen=True, slots=True)
class LoadBalancers:
    """The balancers, and the filters and segments that are theirs alone."""

    balancers: tuple[Balancer, ...]
    filters: tuple[Filter, ...]
    segments: tuple[Subnet, ...]


def fronts_of(
    api: Api, rules: Sequence[Item], backends: Backends, subnets: Sequence[Item], hosts: Sequence[Host]
) -> LoadBalancers:
    """Return what leads to the cluster's hosts."""
    known = {host.id: host for host in hosts}
    balancers, filters, segments = list[Balancer](), list[Filter](), dict[str, Subnet]()
    for item in sorted(rules, key=lambda one: str(one["selfLink"])):
        if item.get("loadBalancingScheme") == _SIDECARS:
            continue
        mine = [one for one in dict.fromkeys(_reached(item, backends)) if _is_of(one.target, known)]
        if not mine:
            continue
        guard = _guard(api, item)
        where = _where(api, item, subnets, segments) if _is_proxy(item) else _places(mine, known)
        filters += [guard] if guard else []
        balancers.append(_balancer(api, item, mine, where, guard))
    return LoadBalancers(tuple(balancers), tuple(filters), tuple(segments.values()))


def _is_of(target: BackendTarget, hosts: Mapping[str, Host]) -> bool:
    """Whether a target is a host: an address beside its own is a pod's."""
    host = hosts.get(target.host)
    return host is not None and (not target.address or any(target.address in one.addresses for one in host.interfaces))


def _places(mine: Iterable[Reached], hosts: Mapping[str, Host]) -> tuple[str, ...]:
    """Return where the targets stand: the clients of a passthrough balancer reach them themselves."""
    found = (place.subnet for one in mine for place in hosts[one.target.host].interfaces)
    return tuple(dict.fromkeys(found))


def _is_proxy(item: Item) -> bool:
    return item.get("loadBalancingScheme") in _MANAGED or "Proxies/" in str(item.get("target", ""))


def _where(api: Api, item: Item, subnets: Sequence[Item], segments: dict[str, Subnet]) -> tuple[str, ...]:
    """Return where a proxy stands; nothing where it can't be told."""
    region, network = part_of(str(item["selfLink"]), "regions"), short(str(item.get("network", "")))
    if item.get("loadBalancingScheme") not in _OUTSIDE:
        return tuple(short(str(one["selfLink"])) for one in proxy_subnets(region, network, subnets))
    managed = item.get("loadBalancingScheme") in _MANAGED
    found = regional_proxies(api, region, network, subnets) if managed and region else front_ends(api)
    segments[found.id] = found
    return (found.id,)


def _balancer(api: Api, item: Item, mine: Sequence[Reached], where: tuple[str, ...], guard: Filter | None) -> Balancer:
    name, source = short(str(item["selfLink"])), api.source(LIST_FORWARDING_RULES, str(item["name"]))
    proxy = _is_proxy(item)
    return Balancer(
        id=name,
        name=str(item["name"]),
        kind="proxy" if proxy else "passthrough",
        internet_facing=item.get("loadBalancingScheme") in _OUTSIDE,
        network=short(str(item.get("network", ""))),
        subnets=where,
        filters=(guard.id,) if guard else (),
        groups=(),
        listeners=tuple(_listeners(item, mine, source)),
        source=source,
        addresses=_address(str(item.get("IPAddress", ""))),
        declared_service=_declared(str(item.get("description", ""))),
        dual_stack=item.get("ipVersion") == "IPV6",
        keeps_destination=not proxy,
    )


def _address(text: str) -> AddressSet:
    """Return the address of a forwarding rule, none (not known) where its text is no address."""
    try:
        return AddressSet.parse(text)
    except ValueError:
        return NO_ADDRESSES


def _listeners(item: Item, mine: Iterable[Reached], source: Source) -> Iterator[Listener]:
    """Yield what a rule listens on, apart for targets that a proxy speaks to unencrypted and for others."""
    name, proxy, parts = short(str(item["selfLink"])), _is_proxy(item), dict[bool, list[BackendTarget]]()
    plain = _PLAIN | {"TCP"} if f"/{_DECRYPTING}/" in str(item.get("target", "")) else _PLAIN
    services = services_of(item)
    for one in mine:
        parts.setdefault(proxy and one.protocol in plain, []).append(one.target)
    for number, (plaintext, targets) in enumerate(sorted(parts.items()), 1):
        yield Listener(
            id=name if number == 1 else f"{name}#{number}",
            service=ServiceSet.union(services),
            targets=tuple(targets),
            client_address=ClientAddress.REPLACED if proxy else ClientAddress.PRESERVED,
            source=source,
            plaintext=plaintext,
            port_ranges=ServiceSet.union(services) - ServiceSet.union(one for one in services if one.size == 1),
        )


def services_of(item: Item) -> tuple[ServiceSet, ...]:
    """Return what a forwarding rule listens on, port by port and range by range; without ports, its protocol whole."""
    protocol = str(item.get("IPProtocol", "TCP")).lower()
    if protocol not in {"tcp", "udp"}:
        return (ServiceSet.parse(_PROTOCOLS.get(protocol, "all")),)
    ports = [str(one) for one in cast("Sequence[object]", item.get("ports") or ())] or [str(item.get("portRange", ""))]
    return tuple(ServiceSet.parse(f"{protocol}/{one}" if one else protocol) for one in ports)


def _reached(item: Item, backends: Backends) -> Iterator[Reached]:
    """Yield where a rule sends: a passthrough one to the port that it listens on, a proxy to its backends' own."""
    own = None if _is_proxy(item) else ServiceSet.union(services_of(item))
    for link in (str(item.get("target", "")), str(item.get("backendService", ""))):
        yield from backends.behind(link, own) if link else ()


def _guard(api: Api, item: Item) -> Filter | None:
    """Return the sources that a forwarding rule is for, where it names some."""
    listed = [str(one) for one in cast("Sequence[object]", item.get("sourceIpRanges") or ())]
    if not listed:
        return None
    name, source = f"sources of {short(str(item['selfLink']))}", api.source(LIST_FORWARDING_RULES, str(item["name"]))
    rules = [
        Rule(
            id=f"{direction} {cidr}",
            direction=direction,
            action=Action.PERMIT,
            services=ServiceSet.everything(),
            peer=Peer(AddressSet.parse(cidr)),
            source=source,
        )
        for direction, ranges in ((Direction.INGRESS, listed), (Direction.EGRESS, ["0.0.0.0/0", "::/0"]))
        for cidr in ranges
    ]
    return Filter(name, str(item["name"]), "forwarding rule", tuple(rules), source)


def _declared(description: str) -> str:
    """Return the Kubernetes service that a forwarding rule was made for, "" where its description names none."""
    try:
        found: object = json.loads(description) if description.startswith("{") else {}
    except ValueError:
        return ""
    named: Item = cast("Item", found) if isinstance(found, dict) else {}
    return next((str(named[key]) for key in _MADE_FOR if named.get(key)), "")
