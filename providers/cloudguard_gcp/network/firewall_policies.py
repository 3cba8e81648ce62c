"""Firewall policies as filters, and the order in which a network's filters are asked.

https://cloud.google.com/firewall/docs/firewall-policies-rule-eval-order,
https://cloud.google.com/firewall/docs/firewall-policies-rule-details.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast

from cloudguard.model.filters import Action, AddressList, Direction, Filter, Peer, Rule
from cloudguard.model.source import Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item
from cloudguard_gcp.access.links import last, project_of, short
from cloudguard_gcp.cluster.find import whole
from cloudguard_gcp.network.rules import EVERYONE, WHOLE, order_of, rules_of, services_of, targets_of

_ACTIONS: Final = {"allow": Action.PERMIT, "deny": Action.DENY, "goto_next": Action.NEXT}
BEFORE: Final = "BEFORE_CLASSIC_FIREWALL"
_ABOVE: Final = "HIERARCHY"
_SYSTEM: Final = ("SYSTEM", "SYSTEM_GLOBAL", "SYSTEM_REGIONAL")
_GLOBAL: Final = ("NETWORK",)
_REGIONAL: Final = ("NETWORK_REGIONAL",)
_UNREADABLE: Final = (
    ("AddressGroups", "address group"),
    ("Fqdns", "domain name"),
    ("RegionCodes", "region"),
    ("ThreatIntelligences", "threat list"),
    ("SecureTags", "secure tag"),
)
"""Selectors that name no address, of ``src…`` and ``dest…``; with ranges they add up."""
_ANYWHERE: Final = "UNSPECIFIED"
_NARROWING: Final = ("NetworkType", "NetworkContext", "Networks")
"""Selectors of where traffic comes by; they narrow what the others say."""
NOTE_ABOVE: Final = "it is set above the project, by whoever administers the folder or organization"


@dataclass(frozen=True, slots=True)
class Chain:
    """A network's filters in a region, in the order in which they are asked, and the lists that their rules name."""

    filters: tuple[Filter, ...]
    lists: tuple[AddressList, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The filters' ids, in order."""
        return tuple(one.id for one in self.filters)


def chain_of(  # noqa: PLR0913 - what was read, and where from
    network: Item,
    firewalls: Iterable[Item],
    policies: Sequence[Item],
    source: Source,
    region: str = "",
    *,
    effective: Source | None = None,
) -> Chain:
    """Return the filters of ``network``: its firewalls and the ``policies`` in effect on it in ``region``.

    ``effective``: where the policies come from (None: from ``source`` too).
    """
    link = short(str(network["selfLink"]))
    lists: dict[str, AddressList] = {}
    reader = _Reader(effective or source, lists)
    read = [(str(one.get("type", "")), _filter(one, (link, region), reader)) for one in _by_priority(policies)]
    classic = Filter(
        id=f"firewalls of {_called(link)}",
        name="",
        kind="VPC firewall",
        rules=rules_of(firewalls, link, source),
        source=source,
        ordered=True,
        in_chain=True,
    )
    lower = [one for kind in (_GLOBAL, _REGIONAL) for name, one in read if name in kind]
    first, then = (
        ([*lower], [classic]) if network.get("networkFirewallPolicyEnforcementOrder") == BEFORE else ([classic], lower)
    )
    known = {_ABOVE, *_SYSTEM, *_GLOBAL, *_REGIONAL}
    above = [one for name, one in read if name == _ABOVE or name not in known]
    system = [one for name, one in read if name in _SYSTEM]
    return Chain((*above, *system, *first, *then, _implied(link, source)), tuple(lists.values()))


@dataclass(frozen=True, slots=True)
class _Reader:
    """What every rule of a policy is read with: where from, and the lists found so far."""

    source: Source
    lists: dict[str, AddressList]


def _by_priority(policies: Sequence[Item]) -> Sequence[Item]:
    """Return the policies by their associations' priorities; those above the project have none, but an order."""
    return sorted(policies, key=lambda one: int(one.get("priority") or 0) if one.get("type") != _ABOVE else 0)


def _called(network: str) -> str:
    """Return a network's name with its project's: "acme-prod/default"."""
    return f"{project_of(network)}/{last(network)}"


def _apart(kind: str, network: str, region: str) -> str:
    """Return what tells a policy from another of its name: those above the project have numbers for names."""
    if kind in _GLOBAL:
        return f" of {_called(network)}"
    return f" of {_called(network)} in {region}" if kind in _REGIONAL or kind in _SYSTEM else ""


def _implied(network: str, source: Source) -> Filter:
    """Return what holds where no rule matches: out, everything; in, nothing."""
    rules = tuple(
        Rule(
            id=f"implied {cidr}",
            direction=Direction.EGRESS,
            action=Action.PERMIT,
            services=ServiceSet.everything(),
            peer=Peer(AddressSet.parse(cidr)),
            source=source,
        )
        for cidr in sorted(WHOLE)
    )
    name = f"implied rules of {_called(network)}"
    return Filter(
        name,
        "",
        "implied rules",
        rules,
        source,
        ordered=True,
        in_chain=True,
        editable=False,
    )


def _filter(policy: Item, where: tuple[str, str], reader: _Reader) -> Filter:
    kind, (network, region) = str(policy.get("type", "")), where
    name = str(policy.get("shortName") or policy.get("displayName") or policy.get("name", ""))
    rules = [
        rule
        for one in cast("Sequence[Item]", policy.get("rules") or ())
        if not one.get("disabled") and _concerns(one, network)
        for rule in _rules(one, reader)
    ]
    note = NOTE_ABOVE if kind == _ABOVE else ""
    return Filter(
        id=f"policy {policy.get('name') or name}{_apart(kind, network, region)}",
        name=name,
        kind=f"{kind.lower().replace('_', ' ')} firewall policy".strip(),
        rules=tuple(sorted(rules, key=lambda rule: (rule.order, rule.id))),
        source=reader.source,
        ordered=True,
        in_chain=True,
        editable=kind not in _SYSTEM,
        note=note,
    )


def _concerns(rule: Item, network: str) -> bool:
    """Whether a rule is about machines of ``network``: some are about a network of theirs, or about balancers."""
    if rule.get("targetType", "INSTANCES") != "INSTANCES" or rule.get("targetForwardingRules"):
        return False
    listed = [short(str(one)) for one in cast("Sequence[object]", rule.get("targetResources") or ())]
    return not listed or network in listed


def _rules(rule: Item, reader: _Reader) -> Iterator[Rule]:
    match, ingress = whole(rule, "match"), rule.get("direction", "INGRESS") != "EGRESS"
    action = _ACTIONS.get(str(rule.get("action", "")).lower())
    priority = int(rule.get("priority", 0))
    side, own = ("src", "dest") if ingress else ("dest", "src")
    reasons = list(_doubts(rule, match, own))
    if action is None:
        reasons.append(f"it hands over to {rule.get('action')}")
    peers = list(_peers(match, side, reader))
    for number, (peer, why) in enumerate(peers, 1):
        yield Rule(
            id=f"{priority}" if len(peers) == 1 else f"{priority}#{number}",
            direction=Direction.INGRESS if ingress else Direction.EGRESS,
            action=action or Action.PERMIT,
            services=_services(match),
            peer=peer,
            source=reader.source,
            order=order_of(priority, action or Action.PERMIT),
            description=str(rule.get("description", "")),
            target_groups=targets_of(rule),
            target_ranges=_aimed(match, own),
            uncertain="; ".join([*reasons, *filter(None, [why])]),
        )


def _services(match: Item) -> ServiceSet:
    listed = cast("Sequence[Item]", match.get("layer4Configs") or ())
    named = services_of((one.get("ipProtocol", "all"), one.get("ports")) for one in listed)
    return named if listed else ServiceSet.everything()


def _doubts(rule: Item, match: Item, own: str) -> Iterator[str]:
    """Yield why it is not known which machines a rule is about."""
    tags = cast("Sequence[Item]", rule.get("targetSecureTags") or ())
    if tags:
        names = ", ".join(str(one.get("name", "")) for one in tags)
        yield f"which machines have the secure tag {names} was not read"
    for part, word in _UNREADABLE:
        if match.get(f"{own}{part}"):
            yield f"it is about a {word} of the machines only"


def _aimed(match: Item, own: str) -> AddressSet:
    """Return the addresses of their own by which machines are meant; nothing where others that are unread add up."""
    unread = any(match.get(f"{own}{part}") for part, _ in _UNREADABLE)
    return NO_ADDRESSES if unread else AddressSet.of(cast("Sequence[str]", match.get(f"{own}IpRanges") or ()))


def _peers(match: Item, side: str, reader: _Reader) -> Iterator[tuple[Peer, str]]:
    """Yield the peers, each with why it is not known what it holds.

    Whatever names senders adds up; where they come by narrows all of it.
    """
    ranges = [str(one) for one in cast("Sequence[object]", match.get(f"{side}IpRanges") or ())]
    adding = [(word, _words(match[f"{side}{key}"])) for key, word in _UNREADABLE if match.get(f"{side}{key}")]
    narrow = [_words(match[f"{side}{key}"]) for key in _NARROWING if match.get(f"{side}{key}")]
    narrow = list(dict.fromkeys(text for text in narrow if text != _ANYWHERE))
    uncertain = f"only what comes by {', '.join(narrow)}" if narrow else ""
    for text in ranges or ([] if adding else [EVERYONE, "::/0"]):
        yield Peer(AddressSet.parse(text)), uncertain
    for word, text in adding:
        name = f"{word} {text}"
        reader.lists.setdefault(name, AddressList(name, name, (), known=False, source=reader.source))
        yield Peer(address_list=name), uncertain


def _words(value: object) -> str:
    listed = cast("Sequence[object]", value) if isinstance(value, list) else [value]
    return ", ".join(str(cast("Item", one).get("name", "")) if isinstance(one, dict) else str(one) for one in listed)
