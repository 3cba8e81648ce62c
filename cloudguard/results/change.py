"""Changes: the edits in the cloud that fix findings, as values. Formats write their text."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

from cloudguard.model.filters import Action, Direction
from cloudguard.model.text_forms import Services
from cloudguard.packet_sets.services import ServiceSet
from cloudguard.results.document_edit import DocumentEdit
from cloudguard.values import dataclass


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource in the cloud.

    ``kind`` is a word that does not depend on the cloud ("filter", "balancer", "disk", "identity", "endpoint", "pool").
    """

    kind: str
    id: str
    name: str = ""


class PeerOf(StrEnum):
    """The kind of a peer of an edited rule or list. ``value`` is empty for kinds without a value."""

    RANGE = "range"
    """``value`` is a CIDR, or several CIDRs of one rule, separated by commas."""
    GROUP = "group"
    """``value`` is a group's id."""
    ADDRESS_LIST = "address-list"
    """``value`` is the id of an address list."""
    NEW_GROUP = "new-group"
    """A new group, with exactly the hosts that have the roles in ``value`` as its members.

    ``value`` is, for example, "control-plane/etcd", or "node in ID" for the nodes in one subnet.
    """
    ADMINISTRATORS = "administrators"
    """The administrators, whose addresses are not declared yet (``admin-cidr``); no value."""
    WAY_OUT = "way-out"
    """The unknown addresses by which the cluster's hosts leave.

    ``value`` names the hosts if they also reach the API inside their network. It is not known which way they use.
    Otherwise there is no value.
    """
    INSIDE = "inside"
    """The cluster's own network; no value."""


@dataclass(frozen=True, slots=True)
class RulePeer:
    """A peer of an edited rule, or an entry of an edited list."""

    kind: PeerOf
    value: str = ""


@dataclass(frozen=True, slots=True)
class RuleTraffic:
    """The traffic that a rule allows or denies: services from a peer (ingress) or to it (egress)."""

    direction: Direction
    services: Services
    peer: RulePeer
    action: Action = Action.PERMIT
    """DENY occurs only in filters whose rules are evaluated in order."""


@dataclass(frozen=True, slots=True)
class KeptTraffic:
    """Traffic that a filter must keep allowing, and the text that says who needs it."""

    peer: RulePeer
    services: Services
    why: str


class RuleOp(StrEnum):
    """The operation on a rule."""

    MODIFY = "rule.modify"
    ADD = "rule.add"
    REMOVE = "rule.remove"


@dataclass(frozen=True, slots=True)
class RuleEdit:
    """One edit of one rule.

    ``rule`` is the id of the rule. For an added rule it is the id of the rule that it replaces ("": none). ``before``
    is None for an added rule, ``after`` is None for a removed rule. ``needs`` are texts that say why ``after`` is
    kept. ``order`` is the number of an added rule in a filter whose rules are evaluated in order (None: next to the
    rule that it replaces). An added rule has the targets of the rule that it replaces. If it replaces none, it applies
    to members of the groups ``targets`` (ids; empty: to everything that the filter guards).
    """

    op: RuleOp
    rule: str
    before: RuleTraffic | None
    after: RuleTraffic | None
    needs: tuple[str, ...] = ()
    order: int | None = None
    targets: tuple[str, ...] = ()

    @property
    def loses(self) -> ServiceSet:
        """The services that the rule no longer allows to its peer after the edit."""
        if self.before is None:
            return ServiceSet.nothing()
        return self.before.services - (self.after.services if self.after else ServiceSet.nothing())


@dataclass(frozen=True, slots=True)
class AttributeEdit:
    """Set the attribute ``name`` of the resource from ``before`` to ``after`` (texts).

    ``of`` are the hosts and pools (their templates) on which it is set, if the change's resource is not one of them.
    ``parts`` are the parts of the resource that it concerns, such as the devices of a template's disks.
    """

    name: str
    before: str
    after: str
    of: tuple[Resource, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupEdit:
    """Create a group without any rule, with exactly ``members`` in it.

    ``group`` is the peer (NEW_GROUP) that stands for it in other edits. ``name`` is the name of the new group, and
    ``network`` the id of its network. A member is an interface (kind "interface", with the name of its host) or a
    pool's next host (kind "pool"). For a pool, the pool's template names the group too.
    """

    group: RulePeer
    name: str
    network: str
    members: tuple[Resource, ...]


@dataclass(frozen=True, slots=True)
class MembershipEdit:
    """Move ``members`` out of the groups ``leaves`` (ids) and into the groups ``joins`` (ids).

    Members are as in ``GroupEdit``. In clouds where groups are filters, the rules of ``joins`` guard the members after
    the edit, and the rules of ``leaves`` no longer do.
    """

    members: tuple[Resource, ...]
    leaves: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()


PUBLIC_RANGES: Final = "public ranges"
PRIVATE_RANGES: Final = "private ranges"
"""The names of the lists of an endpoint's sides. Without a list, the private side lets in everyone in its network."""


@dataclass(frozen=True, slots=True)
class ListEdit:
    """Set a list of peers of the resource, such as the ranges that an endpoint lets in on ``services``.

    ``needs`` has a text for each peer of ``after`` that says who needs it.
    """

    name: str
    services: str
    before: tuple[RulePeer, ...]
    after: tuple[RulePeer, ...]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Procedure:
    """Steps for a person, if no single setting is enough. ``before`` is the present state, ``steps`` are what to do."""

    before: tuple[str, ...]
    steps: tuple[str, ...]


_ON_MODEL: Final = frozenset(
    {
        *("metadata.restrict", "pool.encrypt", "key.enable", "key.rotate", "disk.encrypt", "secrets.encrypt"),
        *("snapshot.remove", "image.remove", "disk.remove"),
    }
)
"""Kinds of changes whose effect the model shows, in addition to changes of rules, groups, endpoints and documents."""
Edit: TypeAlias = RuleEdit | AttributeEdit | ListEdit | GroupEdit | MembershipEdit | DocumentEdit | Procedure


@dataclass(frozen=True, slots=True)
class Change:
    """The edits of one resource that belong together.

    ``kind`` is, for example, "rule.remove", "rule.narrow", "disk.encrypt" or "endpoint.restrict". ``rule`` is the id
    of the edited rule ("" if no rule is edited). ``proved``: in the model, the change removed the excess and lost
    nothing needed. ``owner`` is the program that writes the resource ("": a person, as far as is known). ``undone``
    says when the owner undoes an edit by hand ("": never). ``where`` is the place where an edit lasts ("": the
    resource itself). ``mends`` are the ids of the findings that the change fixes. ``order`` is the change's place in
    the plan, from 1. ``keeps`` is needed traffic that stays allowed, with who needs it. ``loses`` is traffic that is no
    longer allowed. ``left`` is traffic that stays allowed without a known need, with the reason.
    """

    id: str
    row: str
    kind: str
    resource: Resource
    edits: tuple[Edit, ...]
    rule: str = ""
    proved: bool = False
    owner: str = ""
    undone: str = ""
    where: str = ""
    mends: tuple[str, ...] = ()
    order: int = 0
    keeps: tuple[KeptTraffic, ...] = ()
    loses: tuple[RuleTraffic, ...] = ()
    left: tuple[KeptTraffic, ...] = ()

    @property
    def rule_edits(self) -> tuple[RuleEdit, ...]:
        """The edits of rules."""
        return tuple(edit for edit in self.edits if isinstance(edit, RuleEdit))

    @property
    def on_model(self) -> bool:
        """Whether the model shows the effect of the change, so that a plan can prove it.

        The effect of a policy document is shown only if the document is proved to grant all needed permissions.
        """
        return self.kind in _ON_MODEL or not any(
            isinstance(edit, Procedure)
            or (isinstance(edit, AttributeEdit) and self.resource.kind != "endpoint")
            or (isinstance(edit, DocumentEdit) and bool(edit.unproved))
            for edit in self.edits
        )

    @property
    def unproved(self) -> tuple[str, ...]:
        """What is not proved about the documents that the change writes, in words."""
        return tuple(edit.unproved for edit in self.edits if isinstance(edit, DocumentEdit) and edit.unproved)

    @property
    def needs_input(self) -> tuple[str, ...]:
        """The declarations that the edits require, by their names in ``cloudguard.toml``."""
        peers = [peer for edit in self.edits for peer in _peers(edit)]
        administrators = any(peer.kind is PeerOf.ADMINISTRATORS for peer in peers)
        two_ways = any(peer.kind is PeerOf.WAY_OUT and peer.value for peer in peers)
        return (*(("admin-cidr",) if administrators else ()), *(("api-inside",) if two_ways else ()))

    @property
    def way_out(self) -> tuple[str, ...]:
        """The hosts, in words, that reach the API inside their network and may also use its public address."""
        named = (peer.value for edit in self.edits for peer in _peers(edit) if peer.kind is PeerOf.WAY_OUT)
        return tuple(dict.fromkeys(filter(None, named)))


def _peers(edit: Edit) -> tuple[RulePeer, ...]:
    if isinstance(edit, RuleEdit):
        return (edit.after.peer,) if edit.after else ()
    return edit.after if isinstance(edit, ListEdit) else ()
