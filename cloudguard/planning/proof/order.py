"""The order of a plan's edits: new groups, edits in place, additions, removals, and then procedures for people.

In a filter that gets new rules, existing rules are narrowed only after the additions.

If a filter's quota has no room for its additions, rules that are removed without a replacement are removed first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cloudguard.model.filters import Action, Filter
from cloudguard.planning.edits.model_edits import PRIVATE_SIDE, EditOfChange
from cloudguard.planning.proof.obligations import Ordered, over_quota
from cloudguard.provider.change_forms import ChangeForms
from cloudguard.results.change import AttributeEdit, Change, Edit, GroupEdit, ListEdit, Procedure, RuleEdit, RuleOp
from cloudguard.results.plan import Phase

_PHASES = (*Phase,)
_PHASE_OF: Mapping[type, Phase] = {ListEdit: Phase.REMOVE, GroupEdit: Phase.GROUP, Procedure: Phase.PROCEDURE}


def phase_of(edit: Edit) -> Phase:
    """Return the phase of an edit.

    An endpoint's list is set in the phase of removals, because hosts may need their old entry until then.
    """
    if isinstance(edit, RuleEdit):
        grows = edit.op is RuleOp.ADD and edit.after is not None and edit.after.action is Action.PERMIT
        return Phase.ADD if grows else Phase.IN_PLACE if edit.op is RuleOp.MODIFY else Phase.REMOVE
    if isinstance(edit, AttributeEdit) and edit.name == PRIVATE_SIDE:
        return Phase.ADD
    return _PHASE_OF.get(type(edit), Phase.IN_PLACE)


def ordered(changes: Sequence[Change], filters: Mapping[str, Filter], change_forms: ChangeForms) -> Ordered:
    """Return the edits of ``changes`` in the order of their phases; within a phase, in the order of ``changes``.

    ``filters``: filter id → filter.
    """
    steps = [(phase_of(edit), (change, edit)) for change in changes for edit in change.edits]
    grows = {change.resource.id for phase, (change, _) in steps if phase is Phase.ADD}
    steps = [(_late(phase, entry, grows), entry) for phase, entry in steps]
    steps.sort(key=lambda item: _PHASES.index(item[0]))
    full = {name for name, *_ in over_quota(steps, filters, change_forms)}
    if not full:
        return tuple(steps)
    early = [(_early(phase, entry, full), entry) for phase, entry in steps]
    early.sort(key=lambda item: _PHASES.index(item[0]))
    return tuple(early)


def _late(phase: Phase, entry: EditOfChange, grows: set[str]) -> Phase:
    """Return the phase of an edit. A rule is narrowed after the additions if its filter is in ``grows`` (ids)."""
    change, edit = entry
    narrows = isinstance(edit, RuleEdit) and phase is Phase.IN_PLACE
    return Phase.REMOVE if narrows and change.resource.id in grows else phase


def _early(phase: Phase, entry: EditOfChange, full: set[str]) -> Phase:
    """Return the phase of an edit. A rule without a replacement is removed early from a filter in ``full`` (ids)."""
    change, edit = entry
    alone = isinstance(edit, RuleEdit) and edit.op is RuleOp.REMOVE and len(change.edits) == 1
    return Phase.IN_PLACE if alone and change.resource.id in full else phase
