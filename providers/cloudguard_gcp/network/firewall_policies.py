"""Firewall policies as filters, and the order in which a network's filters are evaluated.

https://cloud.google.com/firewall/docs/firewall-policies-rule-eval-order,
https://cloud.google.com/firewall/docs/firewall-policies-rule-details.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from typing import Final, cast

from cloudguard.model.filters import Action, AddressList, Direction, Filter, Peer, Rule
from cloudguard.model.source import FactKind, Source
from cloudguard.model.text_forms import NO_ADDRESSES
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.provider.answers import Item, child, children, flag, number, required, text, texts
from cloudguard.values import dataclass
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import Call
from cloudguard_gcp.access.links import last, project_of, short
from cloudguard_gcp.access.owners import OWNERS
from cloudguard_gcp.network.rules import (
    EVERYONE,
    WHOLE,
    direction_of,
    is_ignored,
    order_of,
    services_of,
    targets_of,
)
from cloudguard_gcp.network.subnets import VpcNetwork

_ACTIONS: Final[Mapping[str, tuple[Action, ...]]] = {
    "allow": (Action.PERMIT,),
    "deny": (Action.DENY,),
    "goto_next": (Action.NEXT,),
}
_ABOVE: Final = "HIERARCHY"
_SYSTEM: Final = ("SYSTEM", "SYSTEM_GLOBAL", "SYSTEM_REGIONAL")
_GLOBAL: Final = ("NETWORK",)
_REGIONAL: Final = ("NETWORK_REGIONAL",)
_KNOWN: Final = frozenset({_ABOVE, *_SYSTEM, *_GLOBAL, *_REGIONAL})
_UNREADABLE: Final = (
    ("AddressGroups", "address group"),
    ("Fqdns", "domain name"),
    ("RegionCodes", "region"),
    ("ThreatIntelligences", "threat list"),
    ("SecureTags", "secure tag"),
)
"""Selectors that name no address, after ``src`` or ``dest``. A rule matches any of them, or any of its ranges."""
_ANYWHERE: Final = "UNSPECIFIED"
_NARROWING: Final = ("NetworkType", "NetworkContext", "Networks")
"""Selectors of the network that traffic comes from. They narrow all other selectors."""
_SELECTORS: Final = frozenset(
    f"{side}{key}" for side in ("src", "dest") for key in ("IpRanges", *(key for key, _ in _UNREADABLE), *_NARROWING)
) | {"layer4Configs"}
_TARGETS: Final = frozenset(
    (
        *("targetForwardingRules", "targetResources", "targetSecureTags"),
        *("targetServiceAccounts", "targetTags", "targetType"),
    )
)
_ABOUT_BALANCERS: Final = "INTERNAL_MANAGED_LB"


@dataclass(frozen=True, slots=True)
class FirewallPolicy:
    """A firewall policy in effect: its kind in Google's API, its priority within that kind, its rules as a filter."""

    kind: str
    priority: int
    filter: Filter


@dataclass(frozen=True, slots=True)
class PolicyReader:
    """Reads the policies in effect on a network in a region, from the answer to ``call``."""

    api: Api
    call: Call
    network: str
    region: str

    @property
    def source(self) -> Source:
        """The call and the network that the policies were read from."""
        return Source(self.call.name, self.network)

    def policy(self, item: Item) -> FirewallPolicy:
        """Return a policy. A rule that cannot be parsed leaves a Gap and is left out."""
        kind, number_ = text(item, "type"), text(item, "name")
        name = text(item, "shortName") or text(item, "displayName") or number_
        priority = number(item, "priority", 0) if kind != _ABOVE else 0  # policies above the project come in order
        listed, make = children(item, "rules"), partial(self._rules, kind)
        rules = chain.from_iterable(self.api.mapped(self.call, listed, make, hides=(FactKind.FILTERS,), about=name))
        guard = Filter(
            id=f"policy {number_ or name}{_id_suffix(kind, self.network, self.region)}",
            name=name,
            kind=f"{kind.lower().replace('_', ' ')} firewall policy".strip(),
            rules=tuple(sorted(rules, key=lambda rule: (rule.order, rule.id))),
            source=self.source,
            ordered=True,
            in_chain=True,
            editable=kind not in _SYSTEM,
            written_by=OWNERS.known("organization") if kind == _ABOVE else None,
        )
        return FirewallPolicy(kind, priority, guard)

    def _rules(self, kind: str, rule: Item) -> tuple[Rule, ...]:
        if flag(rule, "disabled") or not _applies_to_network(rule, self.network):
            return ()
        why = "" if kind in _KNOWN else f"the policy type {kind} is not known"
        return tuple(_rules(rule, self.source, why))


def chain_of(
    network: VpcNetwork, rules: Iterable[Rule], policies: Iterable[FirewallPolicy], source: Source
) -> tuple[Filter, ...]:
    """Return the filters of ``network`` in a region, in evaluation order, with its ``policies`` in effect.

    ``rules``: the VPC firewall rules of all networks.
    """
    own = (rule for rule in rules if rule.source.resource == network.id)
    classic = Filter(
        id=f"firewalls of {_full_name(network.id)}",
        name="",
        kind="VPC firewall",
        rules=tuple(sorted(own, key=lambda rule: (rule.order, rule.id))),
        source=source,
        ordered=True,
        in_chain=True,
    )
    read = sorted(policies, key=lambda policy: policy.priority)
    lower = [policy.filter for kind in (_GLOBAL, _REGIONAL) for policy in read if policy.kind in kind]
    first, then = ([*lower], [classic]) if network.policies_first else ([classic], lower)
    above = [policy.filter for policy in read if policy.kind == _ABOVE or policy.kind not in _KNOWN]
    system = [policy.filter for policy in read if policy.kind in _SYSTEM]
    return (*above, *system, *first, *then, _implied(network.id, source))


def unread_lists(filters: Iterable[Filter]) -> tuple[AddressList, ...]:
    """Return the address lists that rules of policies name. Their addresses are not read."""
    rules = (rule for guard in filters for rule in guard.rules if rule.peer.address_list)
    sources = {rule.peer.address_list: rule.source for rule in rules}
    return tuple(AddressList(name, name, (), known=False, source=sources[name]) for name in sorted(sources))


def _full_name(network: str) -> str:
    """Return a network's name after its project's: "acme-prod/default"."""
    return f"{project_of(network)}/{last(network)}"


def _id_suffix(kind: str, network: str, region: str) -> str:
    """Return a suffix that makes a policy's id unique. Policies above the project have unique numbers as names."""
    if kind in _GLOBAL:
        return f" of {_full_name(network)}"
    return f" of {_full_name(network)} in {region}" if kind in _REGIONAL or kind in _SYSTEM else ""


def _implied(network: str, source: Source) -> Filter:
    """Return the rules that apply where no other rule matches: all egress is allowed, all ingress is denied."""
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
    name = f"implied rules of {_full_name(network)}"
    return Filter(name, "", "implied rules", rules, source, ordered=True, in_chain=True, editable=False)


def _applies_to_network(rule: Item, network: str) -> bool:
    """Whether a rule applies to machines of ``network``. Some rules are only for other networks, or for balancers."""
    if is_ignored(rule) or text(rule, "targetType") == _ABOUT_BALANCERS or rule.get("targetForwardingRules"):
        return False
    listed = [short(link) for link in texts(rule, "targetResources")]
    return not listed or network in listed


def _rules(rule: Item, source: Source, why: str) -> Iterator[Rule]:
    """Yield a rule for each of its peers. An unknown action gives both PERMIT and DENY.

    ``why``: a reason for ``Rule.uncertain`` ("": none).
    """
    match, direction, priority = child(rule, "match"), direction_of(rule), number(rule, "priority", 0)
    sender, target = ("src", "dest") if direction is Direction.INGRESS else ("dest", "src")
    services, strange = _services(match)
    word = text(rule, "action")
    actions = _ACTIONS.get(word.lower(), (Action.PERMIT, Action.DENY))
    unclear = f"its action {word} may allow or deny" if len(actions) > 1 else ""
    reasons = [why, *_assumptions(rule, match, target), strange, unclear]
    peers = [(peer, narrow, action) for peer, narrow in _peers(match, sender) for action in actions]
    for place, (peer, narrow, action) in enumerate(peers, 1):
        yield Rule(
            id=f"{priority}" if len(peers) == 1 else f"{priority}#{place}",
            direction=direction,
            action=action,
            services=services,
            peer=peer,
            source=source,
            order=order_of(priority, action),
            description=text(rule, "description"),
            target_groups=targets_of(rule),
            target_ranges=_target_addresses(match, target),
            uncertain="; ".join(filter(None, [*reasons, narrow])),
        )


def _services(match: Item) -> tuple[ServiceSet, str]:
    listed = children(match, "layer4Configs")
    named = services_of((required(item, "ipProtocol"), texts(item, "ports")) for item in listed)
    return named if listed else (ServiceSet.everything(), "")


def _assumptions(rule: Item, match: Item, target: str) -> Iterator[str]:
    """Yield the reasons why the machines that a rule applies to are unknown."""
    about = text(rule, "targetType")
    if about not in {"", "INSTANCES"}:
        yield f"it applies to {about}, which cloudguard does not know"
    strange = [key for key in match if key not in _SELECTORS and match[key]]
    strange += [key for key in rule if key.startswith("target") and key not in _TARGETS and rule[key]]
    if strange:
        yield f"it also has {', '.join(sorted(strange))}, which cloudguard does not know"
    tags = children(rule, "targetSecureTags")
    if tags:
        names = ", ".join(text(tag, "name") for tag in tags)
        yield f"the machines with the secure tag {names} were not read"
    for selector, word in _UNREADABLE:
        if match.get(f"{target}{selector}"):
            yield f"it applies only to machines of one {word}"


def _target_addresses(match: Item, target: str) -> AddressSet:
    """Return the own addresses that select a rule's machines; none if it also has selectors that were not read."""
    unread = any(match.get(f"{target}{selector}") for selector, _ in _UNREADABLE)
    return NO_ADDRESSES if unread else AddressSet.of(texts(match, f"{target}IpRanges"))


def _peers(match: Item, sender: str) -> Iterator[tuple[Peer, str]]:
    """Yield the peers of a rule, each with the reason why its traffic is not fully known ("": it is known).

    A rule matches the senders of any selector. The selectors of networks narrow all of them.
    """
    ranges = texts(match, f"{sender}IpRanges")
    adding = [(word, _words(match[f"{sender}{key}"])) for key, word in _UNREADABLE if match.get(f"{sender}{key}")]
    narrow = [_words(match[f"{sender}{key}"]) for key in _NARROWING if match.get(f"{sender}{key}")]
    narrow = list(dict.fromkeys(words for words in narrow if words != _ANYWHERE))
    uncertain = f"it matches only traffic from {', '.join(narrow)}" if narrow else ""
    for cidr in ranges or ([] if adding else [EVERYONE, "::/0"]):
        yield Peer(AddressSet.parse(cidr)), uncertain
    for word, words in adding:
        yield Peer(address_list=f"{word} {words}"), uncertain


def _words(value: object) -> str:
    listed = cast("Sequence[object]", value) if isinstance(value, list) else [value]
    return ", ".join(
        str(cast("Item", member).get("name", "")) if isinstance(member, dict) else str(member) for member in listed
    )
