"""VPC firewall rules as rules, one for each peer.

A firewall rule without sources matches all IPv4 addresses. Otherwise it matches any of its sources, of all kinds. The
rule with the lowest priority number is used; of equal priorities, the one that denies
(https://cloud.google.com/firewall/docs/firewalls).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from cloudguard.model.filters import Action, Direction, Peer, Rule
from cloudguard.model.source import Source
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import AnswerError, Item, child, children, choice, flag, number, required, text, texts
from cloudguard_gcp.access.calls import LIST_FIREWALLS
from cloudguard_gcp.access.links import required_link
from cloudguard_gcp.access.owners import OWNERS
from cloudguard_gcp.cluster.selectors import by_account, by_tag

EVERYONE: Final = "0.0.0.0/0"
_DELETED: Final = "INEFFECTIVE"
"""The state of a secure tag that is deleted, or whose network is."""
WHOLE: Final = frozenset({EVERYONE, "::/0"})
_NAMES: Final = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "ipv6-icmp": "icmpv6", "": "all"}
_NUMBERS: Final = {"ah": 51, "esp": 50, "sctp": 132, "ipip": 4, "igmp": 2, "egp": 8, "gre": 47}
BY_GKE: Final = re.compile(r"((?:gke|gk3)-.+-[0-9a-f]{8})-(?:master|ssh|vms|all|inkubelet|exkubelet)")
"""The names that GKE gives its rules (https://cloud.google.com/kubernetes-engine/docs/concepts/firewall-rules)."""
_SELECTORS: Final = re.compile(r"(?:source|destination|target)[A-Z].*")
_KNOWN: Final = frozenset(
    (
        *("sourceRanges", "sourceTags", "sourceServiceAccounts", "destinationRanges"),
        *("targetTags", "targetServiceAccounts"),
    )
)
"""The known selectors of a firewall rule (https://cloud.google.com/compute/docs/reference/rest/v1/firewalls)."""
_ORDER: Final = {Action.DENY: 0, Action.NEXT: 1, Action.PERMIT: 1}


_DIRECTIONS: Final = {"": Direction.INGRESS, "INGRESS": Direction.INGRESS, "EGRESS": Direction.EGRESS}


def firewall(item: Item) -> tuple[Rule, ...]:
    """Return a rule for each peer of a firewall rule, whose source names the network; none if it is disabled."""
    if flag(item, "disabled"):
        return ()
    return tuple(_rules(item, Source(LIST_FIREWALLS.name, required_link(item, "network"))))


def _rules(item: Item, source: Source) -> Iterator[Rule]:
    name, direction = required(item, "name"), direction_of(item)
    ingress = direction is Direction.INGRESS
    denied = children(item, "denied")
    action = Action.DENY if denied else Action.PERMIT
    services, strange = services_of(
        (required(protocol, "IPProtocol"), texts(protocol, "ports")) for protocol in denied or children(item, "allowed")
    )
    if not services:
        message = "it has neither allowed nor denied"
        raise AnswerError(message)
    groups = targets_of(item)
    owner = OWNERS.of_rule(name, text(item, "description"))
    mandated = (match := BY_GKE.fullmatch(name)) is not None and groups == (by_tag(f"{match[1]}-node"),)
    others = ", ".join(sorted(key for key in item if _SELECTORS.fullmatch(key) and key not in _KNOWN and item[key]))
    if others:
        strange = strange or f"it also has {others}, which cloudguard does not know"
    peers = list(_peers(item, ingress=ingress))
    for place, peer in enumerate(peers, 1):
        yield Rule(
            id=name if len(peers) == 1 else f"{name}#{place}",
            direction=direction,
            action=action,
            services=services,
            peer=peer,
            source=source,
            order=order_of(number(item, "priority", 1000), action),
            description=text(item, "description"),
            target_groups=groups,
            written_by=owner,
            target_ranges=AddressSet.of(texts(item, "destinationRanges" if ingress else "sourceRanges")),
            uncertain=strange,
            provider_mandated=mandated,
        )


def direction_of(rule: Item) -> Direction:
    """Return the direction of a rule, from a firewall rule or a policy."""
    return choice(rule, "direction", _DIRECTIONS)


def order_of(priority: int, action: Action) -> int:
    """Return the rank of a rule: of equal priorities, the rule that denies comes first."""
    return priority * 2 + _ORDER[action]


def _peers(item: Item, *, ingress: bool) -> Iterator[Peer]:
    ranges = texts(item, "sourceRanges" if ingress else "destinationRanges")
    tags = texts(item, "sourceTags") if ingress else ()
    accounts = texts(item, "sourceServiceAccounts") if ingress else ()
    for cidr in ranges or ((EVERYONE,) if not tags and not accounts else ()):
        yield Peer(AddressSet.parse(cidr))
    yield from (Peer(group=by_tag(tag)) for tag in tags)
    yield from (Peer(group=by_account(email)) for email in accounts)


def targets_of(rule: Item) -> tuple[str, ...]:
    """Return the groups that a rule applies to; none if it applies to all machines."""
    tags, accounts = texts(rule, "targetTags"), texts(rule, "targetServiceAccounts")
    return (*map(by_tag, tags), *map(by_account, accounts))


def services_of(protocols: Iterable[tuple[str, Collection[str]]]) -> tuple[ServiceSet, str]:
    """Return the services of pairs of a protocol (name or number) and its ports (none: all).

    The second value is the reason why the services are not fully known ("" if they are). An unknown protocol counts as
    all protocols.
    """
    services, strange = list[str](), ""
    for protocol, ports in protocols:
        name = protocol.lower()
        name = _NAMES.get(name, name)
        if name in {"tcp", "udp"}:
            services += [f"{name}/{port}" for port in ports] or [name]
        elif name in {"icmp", "icmpv6", "all"}:
            services.append(name)
        elif name in _NUMBERS or name.isdecimal():
            services.append(f"proto/{_NUMBERS.get(name, name)}")
        else:
            services.append("all")
            strange = f"the protocol {protocol[:40]!r} is not known"
    return ServiceSet.parse(",".join(services) or "none"), strange


def is_ignored(rule: Item) -> bool:
    """Whether a policy's rule is ignored, because all secure tags of its targets or its only senders are deleted.

    https://cloud.google.com/compute/docs/reference/rest/v1/firewallPolicies (FirewallPolicyRule)
    """
    match = child(rule, "match")
    lists = [children(rule, "targetSecureTags")]
    lists += [] if texts(match, "srcIpRanges") else [children(match, "srcSecureTags")]
    return any(tags and all(text(tag, "state") == _DELETED for tag in tags) for tags in lists)
