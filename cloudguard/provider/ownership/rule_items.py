"""Rules as items of a list in an owner's document, by the templates in the provider's table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cloudguard.model.filters import Filter, Rule
from cloudguard.provider.ownership.facts import filled_template
from cloudguard.results.change import PeerOf, RuleTraffic

_WHOLE = {"tcp": (0, 65_535), "udp": (0, 65_535)}


class NoFieldError(ValueError):
    """A change that no field of its owner can express. The text says why, or which flag is needed first."""


def rule_items(
    templates: Mapping[str, Any], rules: Sequence[RuleTraffic], guard: Filter, rule: Rule | None = None
) -> list[object]:
    """Return an item for each protocol and range of ports of ``rules``, by the template for the kind of the peer.

    ``templates``: kind of peer ("range", "range6", "group", "address-list") → template; the key "protocols" lists the
    allowed protocols, if not all are allowed. In a template, ``{first}``, ``{last}``, ``{ports}``, ``{protocol}``,
    ``{peer}`` and ``{filter}`` are replaced by the rule's values; ``{nth}`` by "" in the first item and "-2" in the
    second; ``{order}`` and ``{targets}`` by the values of ``rule``, the rule that is replaced. Raises NoFieldError if
    the list can hold no such rule.
    """
    items, known = list[object](), templates.get("protocols")
    for traffic in rules:
        kind = "range6" if traffic.peer.kind is PeerOf.RANGE and ":" in traffic.peer.value else traffic.peer.kind.value
        template = templates.get(kind)
        if template is None:
            message = f"its list cannot contain a rule with the peer {traffic.peer.value or kind}"
            raise NoFieldError(message)
        for names in _ports_of_terms(traffic):
            if known is not None and names["protocol"] not in known:
                message = f"its list cannot contain a rule for {traffic.services}"
                raise NoFieldError(message)
            more = {"nth": f"-{len(items) + 1}" if items else "", **_unchanged_fields(rule, len(items)), **names}
            item = filled_template(template, {**more, **_peer(traffic), "filter": guard.name or guard.id})
            items += [item] if item not in items else []
    return items


def _unchanged_fields(rule: Rule | None, number: int) -> Mapping[str, object]:
    """Return the targets of ``rule``, and the order of the item ``number`` of the rules that replace it."""
    if rule is None:
        return {}
    return {"order": rule.order + number, "targets": [name.rpartition("/")[2] for name in rule.target_groups]}


def _peer(traffic: RuleTraffic) -> Mapping[str, object]:
    return {"peer": traffic.peer.value, "peer_name": traffic.peer.value.rpartition("/")[2]}


def _ports_of_terms(traffic: RuleTraffic) -> Iterator[Mapping[str, object]]:
    """Yield the protocol and ports of each term of a rule's services."""
    for term in str(traffic.services).split(","):
        protocol, _, ports = term.partition("/")
        if protocol == "all":
            yield {"protocol": "-1", "first": -1, "last": -1, "ports": "*"}
        elif protocol in _WHOLE:
            first, _, last = ports.partition("-")
            low, high = (int(first), int(last or first)) if ports else _WHOLE[protocol]
            text = f"{low}-{high}" if low != high else str(low)
            spelt = {"protocol": protocol, "Protocol": protocol.title(), "PROTOCOL": protocol.upper()}
            yield {**spelt, "first": low, "last": high, "ports": text}
        elif protocol == "icmp" and not ports:
            yield {"protocol": protocol, "first": -1, "last": -1, "ports": "*"}
        elif protocol == "proto" and ports.isdecimal():
            yield {"protocol": ports, "first": -1, "last": -1, "ports": "*"}
        else:
            message = f"its list cannot contain a rule for {term}"
            raise NoFieldError(message)
