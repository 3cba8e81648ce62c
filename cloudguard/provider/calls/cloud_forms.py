"""The common part of each cloud's ``ChangeForms``: the calls of a change, from the calls of its edits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias, TypeVar

from cloudguard.model.identity import Identity, PolicyDocument
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, Edit, RuleEdit
from cloudguard.results.document_edit import DocumentEdit, StatementFate

A = TypeVar("A")
Pair: TypeAlias = tuple[ApiCall, tuple[ApiCall, ...]]
"""A call, and the calls that undo it."""
ENCRYPT: Final = "disk.encrypt"
TRUST: Final = "trust.narrow"
REDUCED: Final = frozenset({StatementFate.NARROW, StatementFate.DROP})
"""The fates of statements that a replacement does not keep as they are."""


class NoCallError(ValueError):
    """An edit that no call can make, because the cloud has none, a declaration is missing or a fact was not read."""


def known(value: A | None, what: str) -> A:
    """Return ``value``. Raises NoCallError if it is None: ``what`` is not in the snapshot."""
    if value is None:
        message = f"{what} is not in the snapshot"
        raise NoCallError(message)
    return value


class CloudForms(ABC):
    """Expresses changes to one snapshot in the form of one cloud. A base class for implementations of ``ChangeForms``.

    If a method raises NoCallError, the whole change has no call.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.index = SnapshotIndex(snapshot)

    def calls(self, change: Change, earlier: Sequence[Change] = ()) -> tuple[PlannedCall, ...]:
        """Return the calls that make ``change`` after the ``earlier`` changes; none if no call can make it."""
        try:
            return tuple(self._calls(change, earlier))
        except NoCallError:
            return ()

    def _calls(self, change: Change, earlier: Sequence[Change]) -> Iterator[PlannedCall]:
        if change.rule_edits:
            yield from self.rule_calls(change, earlier)
        for place, edit in enumerate(change.edits):
            if not isinstance(edit, RuleEdit):
                yield from (PlannedCall(place, *pair) for pair in self.edit_calls(change, edit, earlier))

    @abstractmethod
    def rule_calls(self, change: Change, earlier: Sequence[Change]) -> Iterable[PlannedCall]:
        """Return the calls that make all edits of rules of ``change``."""

    @abstractmethod
    def edit_calls(self, change: Change, edit: Edit, earlier: Sequence[Change]) -> Iterable[Pair]:
        """Return the calls that make one edit of ``change``, which is not an edit of a rule."""


def replaced_policies(index: SnapshotIndex, identity: Identity, edit: DocumentEdit) -> list[PolicyDocument] | None:
    """Return the policies of ``identity`` with a statement that ``edit`` narrows or drops. None if one is not known."""
    names = {change.policy for change in edit.changes if change.fate in REDUCED}
    gone = [policy for policy in index.policies.values() if policy.id in identity.policies and policy.name in names]
    return gone if len({policy.name for policy in gone}) == len(names) else None
