"""Rules of security groups and of network managers as rules of the model, one for each peer.

https://learn.microsoft.com/azure/virtual-network/network-security-groups-overview
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from cloudguard.model.filters import Action, Direction, Peer, Rule
from cloudguard.model.owner import Owner
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, child, children, number, required, text, texts
from cloudguard.values import dataclass
from cloudguard_azure.access.ids import ids_in, name_of, word
from cloudguard_azure.access.owners import OWNERS
from cloudguard_azure.network.service_tags import EVERYWHERE, Named, Place, ServiceTags

ALLOW_OR_DENY: Final = {"allow": Action.PERMIT, "deny": Action.DENY}
_DIRECTIONS: Final = {"inbound": Direction.INGRESS, "outbound": Direction.EGRESS}
_WITH_PORTS: Final = {"tcp": ("tcp",), "udp": ("udp",), "*": ("tcp", "udp"), "any": ("tcp", "udp")}
_OTHERS: Final = {"icmp": "icmp,icmpv6", "esp": "proto/50", "ah": "proto/51"}
_PORTS: Final = re.compile(r"(\d{1,5})(?:\s*-\s*(\d{1,5}))?")
SUPPORTED_SERVICES: Final = ServiceSet.parse("tcp,udp,icmp,icmpv6,proto/50-51")
"""The protocols that virtual networks carry and that rules can name
(https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq#what-protocols-can-i-use-in-virtual-networks).
"""
_EVERY_PORT: Final = frozenset({"*", "any", "0-65535", "1-65535"})
_LAST_PORT: Final = 65_535
_OwnAddresses = tuple[tuple[str, ...], AddressSet]
"""The guarded side of a rule: groups, or addresses. Both are empty if the rule applies to everything."""


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A rule in Azure's form: addresses, tags and ports as written, enums in lower case, groups by id."""

    name: str
    direction: str
    access: str
    protocol: str
    priority: int
    source_ports: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    source_groups: tuple[str, ...] = ()
    destination_groups: tuple[str, ...] = ()
    description: str = ""


def security_rule(item: Item) -> WrittenRule:
    """Return a rule of a security group. Its singular and plural fields are merged."""
    properties = child(item, "properties")
    return replace(
        _rule(required(item, "name"), properties),
        source_ports=_united(properties, "sourcePortRange"),
        ports=_united(properties, "destinationPortRange"),
        sources=_united(properties, "sourceAddressPrefix"),
        destinations=_united(properties, "destinationAddressPrefix"),
        source_groups=ids_in(properties, "sourceApplicationSecurityGroups"),
        destination_groups=ids_in(properties, "destinationApplicationSecurityGroups"),
    )


def admin_rule(item: Item) -> WrittenRule:
    """Return a security admin rule of a network manager."""
    properties = child(item, "properties")
    sources, destinations = (children(properties, key) for key in ("sources", "destinations"))
    return replace(
        _rule(name_of(text(item, "id")) or required(item, "name"), properties),
        source_ports=tuple(texts(properties, "sourcePortRanges")),
        ports=tuple(texts(properties, "destinationPortRanges")),
        sources=tuple(required(source, "addressPrefix") for source in sources),
        destinations=tuple(required(destination, "addressPrefix") for destination in destinations),
    )


def _rule(name: str, properties: Item) -> WrittenRule:
    """Return a rule without its ports and its two ends."""
    return WrittenRule(
        name=name,
        direction=word(properties, "direction"),
        access=word(properties, "access"),
        protocol=word(properties, "protocol"),
        priority=number(properties, "priority"),
        description=text(properties, "description"),
    )


def _united(item: Item, key: str) -> tuple[str, ...]:
    plural = f"{key}es" if key.endswith("x") else f"{key}s"
    return tuple(dict.fromkeys(filter(None, (text(item, key), *texts(item, plural)))))


def services_of(protocol: str, ports: Iterable[str]) -> tuple[ServiceSet, str]:
    """Return the services of a protocol and its ports, and why they may be fewer ("": they are all).

    Only TCP and UDP have ports. A rule for any protocol with ports applies to these two.
    """
    words = [port.strip().lower() for port in ports]
    known = _OTHERS.get(protocol)
    if known is not None:
        return ServiceSet.parse(known), ""
    if protocol not in _WITH_PORTS:
        return SUPPORTED_SERVICES, f"the protocol {protocol[:40]!r} is not known"
    if not _EVERY_PORT.isdisjoint(words):
        return SUPPORTED_SERVICES if len(_WITH_PORTS[protocol]) > 1 else ServiceSet.parse(protocol), ""
    services, strange = list[str](), "" if words else "it has no ports"
    for port in words:
        matched = _PORTS.fullmatch(port)
        first, last = (int(matched[1]), int(matched[2] or matched[1])) if matched else (1, 0)
        if first <= last <= _LAST_PORT:
            services += [f"{name}/{first}-{last}" for name in _WITH_PORTS[protocol]]
        else:
            strange = f"the port {port[:40]!r} is not understood"
    if strange:
        return ServiceSet.parse(",".join(_WITH_PORTS[protocol])), strange
    return ServiceSet.parse(",".join(services)), ""


@dataclass(frozen=True, slots=True)
class RuleReader:
    """Makes rules of the model for filters at one place. ``actions``: map of Azure's access words to actions."""

    tags: ServiceTags
    place: Place
    source: Source
    actions: Mapping[str, Action]

    def rules(self, written: WrittenRule, owner: Owner | None = None, *, mandated: bool = False) -> tuple[Rule, ...]:
        """Return a rule for each possible peer, direction and action. An unknown word may be any action or direction.

        ``owner``: the rule's owner, if its name does not show it.
        """
        owner = OWNERS.of_rule(written.name, written.description) or owner
        services, strange = services_of(written.protocol, written.ports)
        actions = [self.actions[written.access]] if written.access in self.actions else [Action.DENY, Action.PERMIT]
        directions = [_DIRECTIONS[written.direction]] if written.direction in _DIRECTIONS else [*Direction]
        reasons = [strange]
        reasons += [f"the access {written.access[:40]!r} is not known"] if len(actions) > 1 else []
        reasons += [f"the direction {written.direction[:40]!r} is not known"] if len(directions) > 1 else []
        rules = list[Rule]()
        for direction in directions:
            for peer, (groups, ranges), why in self._matches(written, ingress=direction is Direction.INGRESS):
                for action in actions:
                    partly = _by_source_port(written, action)
                    rules.append(
                        Rule(
                            id=written.name,
                            direction=direction,
                            action=action,
                            services=services,
                            peer=peer,
                            source=self.source,
                            order=written.priority,
                            description=written.description,
                            target_groups=groups,
                            target_ranges=ranges,
                            uncertain="; ".join(dict.fromkeys(filter(None, (*reasons, *why, partly)))),
                            provider_mandated=mandated,
                            written_by=owner,
                        )
                    )
        ends = (*written.sources, *written.source_groups), (*written.destinations, *written.destination_groups)
        return tuple(_numbered(rules, several=any(len(end) > 1 for end in ends)))

    def _matches(self, written: WrittenRule, *, ingress: bool) -> Iterator[tuple[Peer, _OwnAddresses, tuple[str, str]]]:
        """Yield each peer with the guarded side of the rule, and why either may not match ("": it does)."""
        sides = (written.sources, written.source_groups), (written.destinations, written.destination_groups)
        (peers, peer_groups), (target_words, own_groups) = sides if ingress else sides[::-1]
        ends = [(end.peer, end.uncertain) for end in self._named(peers, peer_groups)]
        ends += [(Peer(group=name), "") for name in peer_groups]
        about = [
            *_own_addresses(self._named(target_words, own_groups)),
            *([((own_groups, NO_ADDRESSES), "")] if own_groups else []),
        ]
        for peer, why in ends:
            for targets, narrow in about:
                yield peer, targets, (why, narrow)

    def _named(self, words: Collection[str], groups: Collection[str]) -> Iterator[Named]:
        """Yield what words name. If a side has no words and no groups, it may be anything."""
        if not words and not groups:
            yield Named(EVERYWHERE, uncertain="it has no source or no destination")
        for named in (named for tag in words for named in self.tags.named(tag, self.place)):
            if named.addresses is None or named.addresses:
                yield named


def _own_addresses(ends: Iterable[Named]) -> Iterator[tuple[_OwnAddresses, str]]:
    """Yield the addresses of the guarded side that a rule applies to; none for all. Certain ones are merged."""
    certain = AddressSet.nothing()
    for end in ends:
        if end.addresses is None:
            yield ((), NO_ADDRESSES), f"the addresses of {end.tag} are not known"
        elif end.uncertain:
            yield ((), NO_ADDRESSES if end.addresses == EVERYWHERE else end.addresses), end.uncertain
        else:
            certain |= end.addresses
    if certain:
        yield ((), NO_ADDRESSES if certain == EVERYWHERE else certain), ""


def _by_source_port(written: WrittenRule, action: Action) -> str:
    """Return why a rule may not apply to a client ("": it does): clients choose their source port."""
    some = bool(written.source_ports) and _EVERY_PORT.isdisjoint(port.strip().lower() for port in written.source_ports)
    return "it applies only to some source ports" if some and action is Action.DENY else ""


def _numbered(rules: Sequence[Rule], *, several: bool) -> Iterator[Rule]:
    """Yield rules with a number after their name. The first has none, unless the rule names ``several`` peers."""
    for place, rule in enumerate(rules, 1):
        alone = len(rules) == 1 or (place == 1 and not several)
        yield rule if alone else replace(rule, id=f"{rule.id}#{place}")
