"""Forwarding rules as balancers: those that lead to a host of the cluster.

Passthrough ones hand on the client's packets as they are; proxies connect anew from addresses of Google's
(https://cloud.google.com/load-balancing/docs/load-balancing-overview).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from cloudguard.model.network import (
    Action,
    Balancer,
    ClientAddress,
    Direction,
    Filter,
    Listener,
    Peer,
    PeerKind,
    Rule,
    Segment,
    Target,
)
from cloudguard_gcp.api import Api, Item
from cloudguard_gcp.backends import Backends
from cloudguard_gcp.calls import LIST_FORWARDING_RULES
from cloudguard_gcp.names import part_of, short
from cloudguard_gcp.routes import is_for_proxies, proxies

_MANAGED: Final = frozenset({"EXTERNAL_MANAGED", "INTERNAL_MANAGED"})
_OUTSIDE: Final = frozenset({"EXTERNAL", "EXTERNAL_MANAGED"})
_SERVICE: Final = "kubernetes.io/service-name"
"""In a forwarding rule's description (kubernetes/cloud-provider-gcp providers/gce/gce_loadbalancer_naming.go)."""


@dataclass(frozen=True, slots=True)
class Fronts:
    """The balancers, and the filters and segments that are theirs alone."""

    balancers: tuple[Balancer, ...]
    filters: tuple[Filter, ...]
    segments: tuple[Segment, ...]


def fronts_of(
    api: Api, rules: Sequence[Item], backends: Backends, subnets: Sequence[Item], places: dict[str, tuple[str, ...]]
) -> Fronts:
    """Return what leads to the cluster's hosts; ``places``: the segments of each host, by its id."""
    balancers, filters, segments = list[Balancer](), list[Filter](), dict[str, Segment]()
    for item in sorted(rules, key=lambda one: str(one["selfLink"])):
        targets = tuple(dict.fromkeys(_targets(item, backends)))
        mine = tuple(one for one in targets if one.host in places)
        if not mine:
            continue
        guard = _guard(api, item)
        where = _where(api, item, subnets, segments) or tuple(
            dict.fromkeys(place for one in mine for place in places[one.host])
        )
        filters += [guard] if guard else []
        balancers.append(_balancer(api, item, mine, where, guard))
    return Fronts(tuple(balancers), tuple(filters), tuple(segments.values()))


def _is_proxy(item: Item) -> bool:
    return item.get("loadBalancingScheme") in _MANAGED or "Proxies/" in str(item.get("target", ""))


def _where(api: Api, item: Item, subnets: Sequence[Item], segments: dict[str, Segment]) -> tuple[str, ...]:
    """Return where a proxy stands; nothing for a passthrough balancer, whose clients reach the hosts themselves."""
    if not _is_proxy(item):
        return ()
    region = part_of(str(item["selfLink"]), "regions")
    managed = item.get("loadBalancingScheme") in _MANAGED
    if item.get("loadBalancingScheme") in _OUTSIDE:
        found = proxies(api, region if managed else "", subnets)
        segments[found.id] = found
        return (found.id,)
    network = short(str(item.get("network", "")))
    own = [one for one in subnets if is_for_proxies(one) and short(str(one.get("network", ""))) == network]
    return tuple(short(str(one["selfLink"])) for one in own if region in {"", part_of(str(one["selfLink"]), "regions")})


def _balancer(
    api: Api, item: Item, targets: tuple[Target, ...], where: tuple[str, ...], guard: Filter | None
) -> Balancer:
    name, source = short(str(item["selfLink"])), api.source(LIST_FORWARDING_RULES, str(item["name"]))
    proxy = _is_proxy(item)
    return Balancer(
        id=name,
        name=str(item["name"]),
        kind="proxy" if proxy else "passthrough",
        internet_facing=item.get("loadBalancingScheme") in _OUTSIDE,
        network=short(str(item.get("network", ""))),
        segments=where,
        filters=(guard.id,) if guard else (),
        labels=(),
        listeners=(
            Listener(
                id=name,
                service=service_of(item),
                targets=targets,
                client_address=ClientAddress.REPLACED if proxy else ClientAddress.PRESERVED,
                source=source,
            ),
        ),
        source=source,
        addresses=tuple(filter(None, [str(item.get("IPAddress", ""))])),
        declared_service=_declared(str(item.get("description", ""))),
        dual_stack=item.get("ipVersion") == "IPV6",
    )


def service_of(item: Item) -> str:
    """Return what a forwarding rule listens on; without ports, on all of its protocol's."""
    protocol = str(item.get("IPProtocol", "TCP")).lower()
    if protocol not in {"tcp", "udp"}:
        return {"l3_default": "all", "icmp": "icmp", "esp": "proto/50", "ah": "proto/51", "sctp": "proto/132"}.get(
            protocol, "all"
        )
    ports = [str(one) for one in cast("Sequence[object]", item.get("ports") or ())]
    ports += [str(item["portRange"])] if item.get("portRange") and not ports else []
    return ",".join(f"{protocol}/{_span(one)}" for one in ports) if ports else protocol


def _span(text: str) -> str:
    first, _, final = text.partition("-")
    return first if final in {"", first} else text


def _targets(item: Item, backends: Backends) -> Iterator[Target]:
    """Yield where a rule sends: a passthrough one to the port that it listens on, a proxy to its backends' own."""
    own = "" if _is_proxy(item) else service_of(item)
    for link in (str(item.get("target", "")), str(item.get("backendService", ""))):
        yield from backends.behind(link, own) if link else ()


def _guard(api: Api, item: Item) -> Filter | None:
    """Return the sources that a forwarding rule is for, where it names some."""
    listed = [str(one) for one in cast("Sequence[object]", item.get("sourceIpRanges") or ())]
    if not listed:
        return None
    name, source = f"sources of {item['name']}", api.source(LIST_FORWARDING_RULES, str(item["name"]))
    rules = [
        Rule(
            id=f"{direction} {cidr}",
            direction=direction,
            action=Action.PERMIT,
            services="all",
            peer=Peer(PeerKind.RANGE, cidr if "/" in cidr else f"{cidr}/32"),
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
    return str(cast("Item", found).get(_SERVICE, "")) if isinstance(found, dict) else ""
