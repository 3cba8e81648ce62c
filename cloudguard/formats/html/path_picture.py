"""The picture of a witness's path: the sender, the hops, and the target."""

from __future__ import annotations

from typing import Final

from cloudguard.formats.hops import hop_text, lets_text
from cloudguard.formats.html.picture import Look, Picture, Step, chain
from cloudguard.results.change import PeerOf, RuleTraffic
from cloudguard.results.finding import Finding, Witness
from cloudguard.results.hop import Hop, HopKind
from cloudguard.results.report import Undecided

_EVERYONE: Final = {"0.0.0.0/0", "::/0"}
_EVERYTHING: Final = "all"
"""The text of the service set with all services."""


def path_picture(finding: Finding) -> Picture | None:
    """Return the picture of a finding's path, None if its witness has no path."""
    hops = finding.witness.path
    if not hops:
        return None
    if any(hop.kind is HopKind.STATEMENT for hop in hops):
        return chain([_holder(finding), *map(_step, hops), _request(finding.witness)])
    return chain([_sender(finding.witness), *map(_step, hops), _target(finding)])


def latent_picture(finding: Finding) -> Picture | None:
    """Return the picture of a finding's latent exposure: the rule, and the barrier today; None if there is none."""
    latent = finding.latent
    if latent is None:
        return None
    target = finding.witness.target or ", ".join(finding.hosts[:1])
    return chain(
        [
            Step("latent:", "the internet", look=Look.LATENT),
            Step("kept out:", latent.barrier, look=Look.LATENT),
            Step(latent.resource.kind, latent.resource.name or latent.resource.id, latent.lets, Look.LATENT),
            Step("to", target, look=Look.LATENT),
        ]
    )


def undecided_picture(question: Undecided) -> Picture | None:
    """Return the picture of a connection that may or may not be possible; None for questions of other kinds."""
    if not question.sender:
        return None
    missing = f"missing: {question.would_help}" if question.would_help else ""
    return chain(
        [
            Step("from", question.sender),
            Step("unknown:", question.why, missing, Look.UNKNOWN),
            Step("to", question.target, question.service, Look.UNKNOWN),
        ]
    )


def is_open(hop: Hop) -> bool:
    """Whether a hop allows all services from all addresses, and the finding is not attributed to it."""
    traffic = hop.lets
    if hop.attributed or not isinstance(traffic, RuleTraffic) or traffic.peer.kind is not PeerOf.RANGE:
        return False
    return str(traffic.services) == _EVERYTHING and {*traffic.peer.value.split(",")} <= _EVERYONE


def _step(hop: Hop) -> Step:
    name = hop.name or hop.id
    if hop.attributed:
        return Step(_hop_label(hop), name, _detail(hop), Look.ATTRIBUTED)
    if is_open(hop):
        return Step(hop.word, f"{name}: open", look=Look.FOLDED)
    if hop.kind in {HopKind.CLIENT_ADDRESS, HopKind.INTERNET}:
        return Step("", hop_text(hop), look=Look.FOLDED)
    if hop.kind is HopKind.BALANCER_FILTER and not hop.rule:
        return Step("", "no filter of its own", look=Look.FOLDED)
    return Step(_hop_label(hop), name, _detail(hop))


def _hop_label(hop: Hop) -> str:
    return "statement" if hop.kind is HopKind.STATEMENT else hop.word


def _detail(hop: Hop) -> str:
    lets = lets_text(hop)
    if hop.kind is HopKind.BALANCER:
        return f"listens on {lets}"
    return f"{hop.rule}: {lets}" if hop.kind is HopKind.STATEMENT else lets


def _sender(witness: Witness) -> Step:
    origin = dict(witness.facts).get("origin", "")
    return Step("from", witness.source or origin, origin if witness.source else "")


def _target(finding: Finding) -> Step:
    witness = finding.witness
    return Step("to", witness.target or finding.resource.name or finding.resource.id, witness.service)


def _holder(finding: Finding) -> Step:
    return Step(finding.resource.kind, finding.resource.name or finding.resource.id)


def _request(witness: Witness) -> Step:
    facts = dict(witness.facts)
    action, resource = facts.get("action", ""), facts.get("resource", "")
    return Step("may", action, f"on {resource}") if action else Step("may", witness.summary)
