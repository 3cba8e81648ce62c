"""Filters of a balancer's clients other than security groups: of web application firewalls, appliances and rules."""

from __future__ import annotations

from cloudguard.model.filters import Action, Direction, Filter, Peer, Rule
from cloudguard.model.source import Source
from cloudguard.model.text_forms import EVERY_SERVICE
from cloudguard.packet_sets.addresses import AddressSet


def to_everyone(source: Source) -> Rule:
    """Return a rule that lets everything out."""
    return Rule("out", Direction.EGRESS, Action.PERMIT, EVERY_SERVICE, Peer(AddressSet.everything()), source)


def undecided_clients(filter_id: str, name: str, kind: str, source: Source, uncertain: str) -> Filter:
    """Return a filter that may deny any client, and passes the others on to the next filter.

    ``uncertain``: why it is not known whom it denies.
    """
    everyone = Peer(AddressSet.everything())
    clients = Rule("clients", Direction.INGRESS, Action.PERMIT, EVERY_SERVICE, everyone, source, uncertain=uncertain)
    rules = (clients, to_everyone(source))
    return Filter(filter_id, name, kind, rules, source, editable=False, in_chain=True, in_series=True)
