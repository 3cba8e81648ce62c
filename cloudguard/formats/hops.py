"""Writes the path of a witness as text, one line for each hop."""

from __future__ import annotations

from cloudguard.formats.diff import traffic_text
from cloudguard.results.change import RuleTraffic
from cloudguard.results.finding import Witness
from cloudguard.results.hop import Hop, HopKind

_CLIENT_ADDRESS = {
    "preserved": "the client's address",
    "replaced": "the balancer's own address",
    "unknown": "an unknown address",
}
_TEXTS = {
    HopKind.INTERNET: "public address, routed to the internet by {hop.id}",
    HopKind.ENDPOINT: "{hop.word} {hop.id} on {lets}",
    HopKind.BALANCER: "{hop.word}/{hop.name} listens on {lets}",
    HopKind.CLIENT_ADDRESS: "the target sees {lets}",
    HopKind.STATEMENT: "{hop.name}/{hop.rule}: {lets}",
}
_FILTERED = "{hop.word} {hop.id}{bracketed}: rule {hop.rule} ({lets})"
_UNFILTERED = "{hop.word}/{hop.name} has no filter of its own"


def path_lines(witness: Witness) -> tuple[str, ...]:
    """Return one line for each hop of the witness's path."""
    return tuple(hop_text(hop) for hop in witness.path)


def hop_text(hop: Hop) -> str:
    """Return a hop's resource, and the rule and traffic that let the packet pass there."""
    template = _FILTERED if hop.rule else _UNFILTERED
    name = f" ({hop.name})" if hop.name else ""
    lets = lets_text(hop)
    if hop.kind is HopKind.CLIENT_ADDRESS:
        lets = _CLIENT_ADDRESS.get(lets, _CLIENT_ADDRESS["unknown"])
    return _TEXTS.get(hop.kind, template).format(hop=hop, lets=lets, bracketed=name)


def lets_text(hop: Hop) -> str:
    """Return the traffic that a hop lets pass, as text."""
    return traffic_text(hop.lets) if isinstance(hop.lets, RuleTraffic) else hop.lets
