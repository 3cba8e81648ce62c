"""The draft of a plan: the changes of the findings that are asked for, in rules that the cloud can hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from cloudguard.model.filters import Filter
from cloudguard.model.network import Endpoint
from cloudguard.planning.edits.endpoints import private_first
from cloudguard.planning.edits.model_edits import can_be_made
from cloudguard.planning.edits.sayable import sayable
from cloudguard.planning.edits.settings_edits import ON_MODEL
from cloudguard.provider.change_forms import ChangeForms
from cloudguard.results.change import AttributeEdit, Change, DocumentEdit, Procedure, RuleEdit

UNSAYABLE = "the cloud can hold no rules that say less than the present one and all that is needed"
BY_HAND = "its change is not proved: the model does not show what it does"
WAY_OUT_UNSEEN = "it is not known by which addresses the cluster's hosts leave"


@dataclass
class Draft:
    """A plan in the making.

    ``changes`` are to be proved; ``incomplete`` ones lack a declaration, ``by_hand`` ones the model cannot show.
    ``why``: the reasons why findings stay, by their ids.
    """

    changes: tuple[Change, ...] = ()
    incomplete: tuple[Change, ...] = ()
    by_hand: tuple[Change, ...] = ()
    why: dict[str, str] = field(default_factory=dict[str, str])

    def leave(self, left: Iterable[Change], why: str) -> None:
        """Leave changes out of what is to be proved; their findings get the reason ``why``."""
        names = {change.id: change for change in left}
        self.changes = tuple(change for change in self.changes if change.id not in names)
        for change in names.values():
            for finding in change.mends:
                self.why.setdefault(finding, why)


def drafted(
    changes: Iterable[Change],
    asked: frozenset[str],
    filters: dict[str, Filter],
    endpoints: dict[str, Endpoint],
    forms: ChangeForms,
) -> Draft:
    """Return the draft of the ``changes`` that mend any finding ``asked`` for (ids)."""
    draft = Draft()
    for change in changes:
        mends = tuple(name for name in change.mends if name in asked)
        if mends:
            _add(draft, replace(change, mends=mends), filters, endpoints, forms)
    return draft


def _add(
    draft: Draft, change: Change, filters: dict[str, Filter], endpoints: dict[str, Endpoint], forms: ChangeForms
) -> None:
    if change.resource.id in endpoints:
        change = private_first(change, endpoints[change.resource.id])
    if change.needs_input:
        flags = ", ".join(f"--{name}" for name in change.needs_input)
        draft.incomplete = (*draft.incomplete, change)
        draft.leave([change], f"its change is incomplete without {flags}")
    elif not all(map(can_be_made, change.edits)):
        draft.leave([change], WAY_OUT_UNSEEN)
    elif not _is_shown(change):
        draft.by_hand = (*draft.by_hand, change)
        draft.leave([change], BY_HAND)
    elif change.resource.id in filters and isinstance(change.edits[0], RuleEdit):
        said = sayable(change, filters[change.resource.id], forms)
        if said is None:
            draft.leave([change], UNSAYABLE)
        else:
            draft.changes = (*draft.changes, said)
    else:
        draft.changes = (*draft.changes, change)


def _is_shown(change: Change) -> bool:
    """Whether the model shows what a change does; of documents, whether they are proved to grant what is needed."""
    if change.kind in ON_MODEL:
        return True
    return not any(
        isinstance(edit, Procedure)
        or (isinstance(edit, AttributeEdit) and change.resource.kind != "endpoint")
        or (isinstance(edit, DocumentEdit) and bool(edit.unproved))
        for edit in change.edits
    )
