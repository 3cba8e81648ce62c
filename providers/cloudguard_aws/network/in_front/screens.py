"""Filters before a balancer's security groups that may keep any client out."""

from __future__ import annotations

from cloudguard.model.filters import Action, Direction, Filter, Peer, Rule
from cloudguard.model.source import Source
from cloudguard.model.text_forms import EVERY_SERVICE
from cloudguard.packet_sets.addresses import AddressSet
from cloudguard_aws.access.calls import Call


def screen(call: Call, balancer: str, kind: str, uncertain: str, name: str = "") -> Filter:
    """Return a filter that may deny any client of a balancer (ARN), and leaves the others to the next filter.

    ``uncertain``: why it is not known whom it denies. ``name``: its name ("": its kind).
    """
    source, everyone = Source(call.name, balancer), Peer(AddressSet.everything())
    rule = Rule("rules", Direction.INGRESS, Action.DENY, EVERY_SERVICE, everyone, source, uncertain=uncertain)
    return Filter(f"{kind} of {balancer}", name or kind, kind, (rule,), source, editable=False, in_chain=True)
