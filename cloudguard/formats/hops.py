"""Writes the details of a finding as text; the path of its witness has one line for each hop."""

from __future__ import annotations

from collections.abc import Iterator

from cloudguard.formats.diff import traffic_text
from cloudguard.formats.phrases import host_list, named, waiver, witness
from cloudguard.results.change import RuleTraffic
from cloudguard.results.finding import Finding, Witness
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


def details(finding: Finding, fixed_by: str = "") -> Iterator[tuple[str, str]]:
    """Yield each detail of a finding as label and text. ``fixed_by`` names the changes that fix it ("": none)."""
    labelled = (
        ("on", named(finding.resource)),
        ("witness", witness(finding)),
        *(("via", line) for line in path_lines(finding.witness)),
        ("hosts", host_list(finding.hosts)),
        ("fixed by", fixed_by),
        ("advice", finding.advice),
        ("waiver", waiver(finding)),
    )
    yield from ((label, text) for label, text in labelled if text)


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
