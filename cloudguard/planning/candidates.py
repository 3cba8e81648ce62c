"""The candidates of a plan: the changes of the findings that are asked for, in rules that the cloud can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cloudguard.model.network import Endpoint
from cloudguard.planning.edits.endpoints import private_first
from cloudguard.planning.edits.model_edits import can_be_made
from cloudguard.planning.edits.sayable import Speaker
from cloudguard.planning.edits.settings_edits import ON_MODEL
from cloudguard.planning.plain_forms import PlainForms
from cloudguard.provider.change_forms import ChangeForms
from cloudguard.results.change import AttributeEdit, Change, DocumentEdit, Edit, PeerOf, Procedure, RuleEdit

BY_HAND = "its change is not proved: the model does not show what it does"
WAY_OUT_UNSEEN = (
    "the cluster's hosts leave by addresses that are not known, or that go with a host: declare those that are to stay "
    "let in (--admin-cidr), or let hosts leave by a gateway"
)


@dataclass
class Candidates:
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


def candidates_of(
    changes: Iterable[Change],
    asked: frozenset[str],
    endpoints: Mapping[str, Endpoint],
    speaker: Speaker,
) -> Candidates:
    """Return the candidates of the ``changes`` that mend any finding ``asked`` for (ids)."""
    candidates = Candidates()
    for change in changes:
        mends = tuple(name for name in change.mends if name in asked)
        if mends:
            _add(candidates, replace(change, mends=mends), endpoints, speaker)
    return candidates


def _add(candidates: Candidates, change: Change, endpoints: Mapping[str, Endpoint], speaker: Speaker) -> None:
    if change.resource.id in endpoints:
        change = private_first(change, endpoints[change.resource.id])
    if change.needs_input:
        flags = ", ".join("--" + name for name in change.needs_input)
        candidates.incomplete = (*candidates.incomplete, change)
        candidates.leave([change], f"its change is incomplete without {flags}")
    elif not all(map(can_be_made, change.edits)):
        candidates.leave([change], WAY_OUT_UNSEEN)
    elif not _is_shown(change):
        candidates.by_hand = (*candidates.by_hand, change)
        steps = [step for edit in change.edits if isinstance(edit, Procedure) for step in edit.steps]
        candidates.leave([change], f"{BY_HAND}; by hand: {steps[0]}" if steps else BY_HAND)
    else:
        said = speaker.said(change)
        if said is None:
            candidates.leave([change], speaker.unsaid(change))
        elif not can_be_called(said, speaker.change_forms):
            writer = (
                f": {change.owner} writes it" if change.owner else ", so no plan makes the change; it is for a person"
            )
            candidates.leave([change], f"no call changes it{writer}")
        else:
            candidates.changes = (*candidates.changes, said)


def can_be_called(change: Change, change_forms: ChangeForms) -> bool:
    """Whether any call of the provider, or a person, makes a change; without forms of its own, that is not known."""
    if isinstance(change_forms, PlainForms) or any(map(_waits, change.edits)):
        return True
    return bool(change_forms.calls(change))


def _waits(edit: Edit) -> bool:
    """Whether an edit is a person's to make, or names a group that another change makes first."""
    if isinstance(edit, RuleEdit):
        return edit.after is not None and edit.after.peer.kind is PeerOf.NEW_GROUP
    return isinstance(edit, Procedure)


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
