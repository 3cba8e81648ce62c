"""Changes: what to edit in the cloud so that findings go away, as values. Formats write their text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from cloudguard.model.filters import Action, Direction
from cloudguard.model.identity import Statement
from cloudguard.model.text_forms import Services
from cloudguard.packet_sets.services import ServiceSet


@dataclass(frozen=True, slots=True)
class Resource:
    """A thing in the cloud.

    ``kind`` is the neutral word ("filter", "balancer", "disk", "identity", "endpoint", "pool").
    """

    kind: str
    id: str
    name: str = ""


class PeerOf(StrEnum):
    """What names the other end of an edited rule or list; ``value`` is empty where no value is said to be needed."""

    RANGE = "range"
    """``value`` is a CIDR, or several with commas between them where one rule names them."""
    GROUP = "group"
    """``value`` is a group's id."""
    ADDRESS_LIST = "address-list"
    """``value`` is the id of an address list."""
    NEW_GROUP = "new-group"
    """A group still to be made, with all hosts of the roles that ``value`` names, and nothing else, in it.

    ``value`` is "control-plane/etcd", or "node in ID" for those in one subnet.
    """
    ADMINISTRATORS = "administrators"
    """The administrators, whose addresses are still to be declared (``admin-cidr``); no value."""
    WAY_OUT = "way-out"
    """The addresses that the cluster's hosts leave by, which were not seen; no value."""
    INSIDE = "inside"
    """The cluster's own network; no value."""


@dataclass(frozen=True, slots=True)
class RulePeer:
    """The other end of an edited rule or list."""

    kind: PeerOf
    value: str = ""


@dataclass(frozen=True, slots=True)
class RuleTraffic:
    """What a rule allows (or denies): services from a peer (ingress) or to it (egress)."""

    direction: Direction
    services: Services
    peer: RulePeer
    action: Action = Action.PERMIT
    """DENY: keeps it out; only in a filter whose rules are evaluated in order."""


@dataclass(frozen=True, slots=True)
class KeptTraffic:
    """Traffic that a filter must go on letting in, and who needs it, in words."""

    peer: RulePeer
    services: Services
    why: str


class RuleOp(StrEnum):
    """What becomes of a rule."""

    MODIFY = "rule.modify"
    ADD = "rule.add"
    REMOVE = "rule.remove"


@dataclass(frozen=True, slots=True)
class RuleEdit:
    """One edit of one rule. ``rule`` is its id; of an added one, the id of the rule that it takes over from ("": none).

    ``before`` is None for an added rule, ``after`` for a removed one. ``needs`` say why ``after`` is kept, in words.
    ``order`` is the number of an added rule in a filter whose rules are evaluated in order (None: next to the rule that
    it takes over from). An added rule has the targets of that rule; one that takes over from none is about members of
    ``targets`` alone (ids of groups; empty: about all that the filter guards).
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
        """The services that the rule's peer is no longer let in on by this rule."""
        if self.before is None:
            return ServiceSet.nothing()
        return self.before.services - (self.after.services if self.after else ServiceSet.nothing())


@dataclass(frozen=True, slots=True)
class AttributeEdit:
    """Set the attribute ``name`` of the resource from ``before`` to ``after``, which are words.

    ``of`` are the hosts and pools (their templates) that it is set on, where the change's resource is another thing.
    ``parts`` are what of a resource it concerns: the devices of a template's disks.
    """

    name: str
    before: str
    after: str
    of: tuple[Resource, ...] = ()
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupEdit:
    """Make a group, without any rule, with ``members`` and nothing else in it.

    ``group`` is the peer (NEW_GROUP) that stands for it in other edits, ``name`` its name to be, ``network`` the id of
    its network. A member is an interface (of kind "interface", named after its host) or what a pool will make (of kind
    "pool"): the pool's template then names the group too.
    """

    group: RulePeer
    name: str
    network: str
    members: tuple[Resource, ...]


@dataclass(frozen=True, slots=True)
class MembershipEdit:
    """Move ``members`` (as those of ``GroupEdit``) out of the groups ``leaves`` (ids) and into ``joins`` (ids).

    Where groups are filters, their rules guard the members that join, and no longer those that leave.
    """

    members: tuple[Resource, ...]
    leaves: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListEdit:
    """Set a list of peers of the resource, such as the ranges that an endpoint lets in on ``services``.

    ``needs`` say for each peer of ``after`` who needs it, in words.
    """

    name: str
    services: str
    before: tuple[RulePeer, ...]
    after: tuple[RulePeer, ...]
    needs: tuple[str, ...] = ()


class StatementFate(StrEnum):
    """What becomes of a policy statement."""

    KEEP = "keep"
    NARROW = "narrow"
    DROP = "drop"
    ADD = "add"
    STAYS = "stays"
    """It denies, bounds, or is mandated by the provider: not for this change to touch."""


@dataclass(frozen=True, slots=True)
class StatementChange:
    """What becomes of one statement of ``policy`` (its name; "" for a new one).

    ``remains``: of a narrowed one, the statements of the replacement that have a part of it.
    """

    fate: StatementFate
    policy: str
    statement: Statement
    remains: tuple[Statement, ...] = ()


@dataclass(frozen=True, slots=True)
class DocumentEdit:
    """Put ``documents``, which hold ``statements``, in place of an identity's granting policies.

    ``detached`` are names of the provider's own policies, which nobody can edit. ``unproved`` says what is not proved.
    """

    documents: tuple[str, ...]
    statements: tuple[Statement, ...]
    changes: tuple[StatementChange, ...]
    detached: tuple[str, ...] = ()
    unproved: str = ""


@dataclass(frozen=True, slots=True)
class Procedure:
    """Steps that no single setting does: ``before`` is what there is, ``steps`` what to do, in words."""

    before: tuple[str, ...]
    steps: tuple[str, ...]


Edit: TypeAlias = RuleEdit | AttributeEdit | ListEdit | GroupEdit | MembershipEdit | DocumentEdit | Procedure


@dataclass(frozen=True, slots=True)
class Change:
    """The edits of one resource that belong together.

    ``kind`` is "rule.remove", "rule.narrow", "disk.encrypt", "endpoint.restrict" or the like. ``rule`` is the rule's
    id where a rule is edited. ``proved``: applied to the model, the excess was gone and nothing needed was lost.
    ``owner``: the program that writes what is edited ("": a person, as far as is known), ``undone``: when it undoes an
    edit by hand ("": it does not), ``where``: where an edit holds ("": the resource itself). ``mends`` are ids of
    findings, ``order`` is the change's place in the plan, from 1. ``keeps`` is what is needed and stays, with who needs
    it; ``loses`` is what is no longer let in; ``left`` is what stays let in though nobody is known to need it, with the
    reason.
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
    def needs_input(self) -> tuple[str, ...]:
        """The declarations, by their names in ``cloudguard.toml``, without which the edits cannot be made."""
        peers = {peer.kind for edit in self.edits for peer in _peers(edit)}
        return ("admin-cidr",) if PeerOf.ADMINISTRATORS in peers else ()


def _peers(edit: Edit) -> tuple[RulePeer, ...]:
    if isinstance(edit, RuleEdit):
        return (edit.after.peer,) if edit.after else ()
    return edit.after if isinstance(edit, ListEdit) else ()
