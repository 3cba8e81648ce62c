"""The traffic of rules before and after a change, as values for comparisons in tests."""

from __future__ import annotations

from collections.abc import Iterable

from cloudguard.model.filters import Direction
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.results.change import Change, ListEdit, PeerOf, RulePeer, RuleTraffic

ADMINISTRATORS = RulePeer(PeerOf.ADMINISTRATORS)


def new_group(roles: str) -> RulePeer:
    """Return the new group of the hosts with ``roles`` ("control-plane/etcd") as a peer."""
    return RulePeer(PeerOf.NEW_GROUP, roles)


def peer(text: str) -> RulePeer:
    """Return a CIDR or a group (id) as the peer of an edit."""
    return RulePeer(PeerOf.RANGE if "/" in text else PeerOf.GROUP, text)


def lets(services: str, who: str | RulePeer) -> RuleTraffic:
    """Return the traffic of an ingress rule that permits ``services`` from ``who``."""
    return RuleTraffic(Direction.INGRESS, ServiceSet.parse(services), peer(who) if isinstance(who, str) else who)


def before(change: Change) -> tuple[RuleTraffic, ...]:
    """Return the traffic of the edited rules before the change."""
    return tuple(edit.before for edit in change.rule_edits if edit.before)


def after(change: Change) -> tuple[RuleTraffic, ...]:
    """Return the traffic of the edited rules after the change."""
    return tuple(edit.after for edit in change.rule_edits if edit.after)


def keeps(changes: Iterable[Change], services: str, who: str) -> bool:
    """Whether a rule lets in at least ``services`` from ``who`` after the changes."""
    wanted = lets(services, who)
    made = (traffic for change in changes for traffic in after(change))
    return any(traffic.peer == wanted.peer and wanted.services <= traffic.services for traffic in made)


def listed(change: Change) -> ListEdit:
    """Return the only edit of a change. Assert that it sets a list."""
    (edit,) = change.edits
    assert isinstance(edit, ListEdit)
    return edit
