"""Changes: what to edit in the cloud so that findings go away, as values. Formats write their text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from cloudguard.model.filters import Direction
from cloudguard.model.identity import Statement
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
    """A group still to be made, with all hosts of the roles that ``value`` names, and nothing else, in it."""
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
    """What a rule allows: services from a peer (ingress) or to it (egress)."""

    direction: Direction
    services: ServiceSet
    peer: RulePeer


@dataclass(frozen=True, slots=True)
class KeptTraffic:
    """Traffic that a filter must go on letting in, and who needs it, in words."""

    peer: RulePeer
    services: ServiceSet
    why: str


class RuleOp(StrEnum):
    """What becomes of a rule."""

    MODIFY = "rule.modify"
    ADD = "rule.add"
    REMOVE = "rule.remove"


@dataclass(frozen=True, slots=True)
class RuleEdit:
    """One edit of one rule. ``rule`` is its id; of an added one, the id of the rule that it takes over from.

    ``before`` is None for an added rule, ``after`` for a removed one. ``needs`` say why ``after`` is kept, in words.
    """

    op: RuleOp
    rule: str
    before: RuleTraffic | None
    after: RuleTraffic | None
    needs: tuple[str, ...] = ()

    @property
    def loses(self) -> ServiceSet:
        """The services that the rule's peer is no longer let in on by this rule."""
        if self.before is None:
            return ServiceSet.nothing()
        return self.before.services - (self.after.services if self.after else ServiceSet.nothing())


@dataclass(frozen=True, slots=True)
class AttributeEdit:
    """Set the attribute ``name`` of the resource from ``before`` to ``after``."""

    name: str
    before: str
    after: str


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


Edit: TypeAlias = RuleEdit | AttributeEdit | ListEdit | DocumentEdit | Procedure


@dataclass(frozen=True, slots=True)
class Change:
    """The edits of one resource that belong together.

    ``kind`` is "rule.remove", "rule.narrow", "disk.encrypt", "endpoint.restrict" or the like. ``rule`` is the rule's
    id where a rule is edited. ``proved``: applied to the model, the excess was gone and nothing needed was lost.
    ``owner``: the program that wrote the rule and would write it again, and what to do instead ("": a person).
    ``where``: the file and line that made the resource ("": not known). ``mends`` are ids of findings, ``order`` is
    the change's place in the plan, from 1.
    """

    id: str
    row: str
    kind: str
    resource: Resource
    edits: tuple[Edit, ...]
    rule: str = ""
    proved: bool = False
    owner: str = ""
    where: str = ""
    mends: tuple[str, ...] = ()
    order: int = 0

    @property
    def needs_input(self) -> tuple[str, ...]:
        """The declarations, by their names in ``cloudguard.toml``, without which the edits cannot be made."""
        peers = {peer.kind for edit in self.edits for peer in _peers(edit)}
        return ("admin-cidr",) if PeerOf.ADMINISTRATORS in peers else ()


def _peers(edit: Edit) -> tuple[RulePeer, ...]:
    if isinstance(edit, RuleEdit):
        return (edit.after.peer,) if edit.after else ()
    return edit.after if isinstance(edit, ListEdit) else ()
