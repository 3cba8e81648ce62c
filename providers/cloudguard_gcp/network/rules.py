"""VPC firewall rules as rules: one a peer.

A firewall without sources means everyone, by version 4; sources of all kinds add up; a lower priority number counts
first, and of one priority what denies (https://cloud.google.com/firewall/docs/firewalls).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, cast

from cloudguard.model.filters import Action, Direction, Peer, Rule
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item
from cloudguard_gcp.access.links import short
from cloudguard_gcp.cluster.selectors import by_account, by_tag

EVERYONE: Final = "0.0.0.0/0"
WHOLE: Final = frozenset({EVERYONE, "::/0"})
_NUMBERS: Final = {"ah": 51, "esp": 50, "sctp": 132, "ipip": 4, "igmp": 2, "egp": 8, "gre": 47}
_WRITTEN: Final = (
    (
        re.compile(r"(?:gke|gk3)-.+-[0-9a-f]{8}-(?:master|ssh|vms|all|inkubelet|exkubelet)"),
        "GKE wrote the rule and may write it again: change the cluster",
    ),
    (
        re.compile(r"k8s2?-.+"),
        "a controller wrote the rule and may write it again: change the Service, its loadBalancerSourceRanges",
    ),
)
"""How programs name their rules, and what to do instead of editing one.

https://cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules; kubernetes/cloud-provider-gcp
providers/gce/gce_loadbalancer_naming.go; kubernetes/ingress-gce pkg/utils/namer.
"""
_ORDER: Final = {Action.DENY: 0, Action.NEXT: 1, Action.PERMIT: 1}


def rules_of(firewalls: Iterable[Item], network: str, source: Source) -> tuple[Rule, ...]:
    """Return the rules of a network's firewalls, in their order."""
    mine = (one for one in firewalls if short(str(one.get("network", ""))) == network and not one.get("disabled"))
    found = [rule for one in mine for rule in _rules(one, source)]
    return tuple(sorted(found, key=lambda rule: (rule.order, rule.id)))


def _rules(firewall: Item, source: Source) -> Iterator[Rule]:
    name, ingress = str(firewall["name"]), firewall.get("direction", "INGRESS") != "EGRESS"
    denied = cast("Sequence[Item]", firewall.get("denied") or ())
    action = Action.DENY if denied else Action.PERMIT
    listed = denied or cast("Sequence[Item]", firewall.get("allowed") or ())
    peers = list(_peers(firewall, ingress=ingress))
    for number, peer in enumerate(peers, 1):
        yield Rule(
            id=name if len(peers) == 1 else f"{name}#{number}",
            direction=Direction.INGRESS if ingress else Direction.EGRESS,
            action=action,
            services=services_of((one.get("IPProtocol", "all"), one.get("ports")) for one in listed),
            peer=peer,
            source=source,
            order=order_of(int(firewall.get("priority", 1000)), action),
            description=str(firewall.get("description", "")),
            target_groups=targets_of(firewall),
            note=next((note for written, note in _WRITTEN if written.fullmatch(name)), ""),
            target_ranges=AddressSet.of(_texts(firewall, "destinationRanges" if ingress else "sourceRanges")),
        )


def order_of(priority: int, action: Action) -> int:
    """Return the rank of a rule: of one priority, what denies counts first."""
    return priority * 2 + _ORDER[action]


def _peers(firewall: Item, *, ingress: bool) -> Iterator[Peer]:
    ranges = _texts(firewall, "sourceRanges" if ingress else "destinationRanges")
    tags = _texts(firewall, "sourceTags") if ingress else ()
    accounts = _texts(firewall, "sourceServiceAccounts") if ingress else ()
    for text in ranges or ((EVERYONE,) if not tags and not accounts else ()):
        yield Peer(AddressSet.parse(text))
    yield from (Peer(group=by_tag(tag)) for tag in tags)
    yield from (Peer(group=by_account(email)) for email in accounts)


def targets_of(firewall: Item) -> tuple[str, ...]:
    """Return the labels of those that a rule is about, none for all."""
    tags, accounts = _texts(firewall, "targetTags"), _texts(firewall, "targetServiceAccounts")
    return (*(by_tag(tag) for tag in tags), *(by_account(email) for email in accounts))


def services_of(protocols: Iterable[tuple[object, object]]) -> ServiceSet:
    """Return the services of pairs of a protocol, by name or number, and its ports (none: all)."""
    found = [part for protocol, ports in protocols for part in _services(str(protocol).lower(), ports)]
    return ServiceSet.parse(",".join(found) or "none")


def _services(protocol: str, ports: object) -> Iterator[str]:
    name = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "ipv6-icmp": "icmpv6"}.get(protocol, protocol)
    if name in {"tcp", "udp"}:
        listed = [str(port) for port in cast("Sequence[object]", ports or ())]
        yield from (f"{name}/{port}" for port in listed) if listed else (name,)
    elif name in {"icmp", "icmpv6", "all"}:
        yield name
    else:
        yield f"proto/{_NUMBERS.get(name, name)}"


def _texts(item: Item, key: str) -> tuple[str, ...]:
    return tuple(str(one) for one in cast("Sequence[object]", item.get(key) or ()))
