"""The candidates of a plan: the changes for the requested findings, in rules that the cloud can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from cloudguard.model.network import Endpoint
from cloudguard.planning.edits.model_edits import PRIVATE_SIDE, can_be_made, origin_of
from cloudguard.planning.edits.rule_writer import RuleWriter
from cloudguard.planning.plain_forms import PlainForms
from cloudguard.provider.change_forms import ChangeForms
from cloudguard.results.change import AttributeEdit, Change, Edit, ListEdit, PeerOf, Procedure, RuleEdit

BY_HAND = "its change is not proved, because the model does not show its effect"
WAY_OUT_UNSEEN = (
    "the outgoing addresses of the cluster's hosts are unknown, or change with a host: declare the addresses that must "
    "stay allowed (--admin-cidr), or route the hosts through a gateway"
)


@dataclass
class Candidates:
    """The state while a plan is built.

    ``changes``: changes that must be proved. ``incomplete``: changes that need a declaration from the user.
    ``by_hand``: changes whose effect the model cannot show. ``why``: finding id → the reason why the finding stays.
    """

    changes: tuple[Change, ...] = ()
    incomplete: tuple[Change, ...] = ()
    by_hand: tuple[Change, ...] = ()
    why: dict[str, str] = field(default_factory=dict[str, str])

    def leave(self, changes: Iterable[Change], why: str) -> None:
        """Remove ``changes`` from the candidates, and record ``why`` as the reason for their findings."""
        names = {change.id: change for change in changes}
        self.changes = tuple(change for change in self.changes if change.id not in names)
        for change in names.values():
            for finding in change.mends:
                self.why.setdefault(finding, why)


def candidates_of(
    changes: Iterable[Change], requested: frozenset[str], endpoints: Mapping[str, Endpoint], rule_writer: RuleWriter
) -> Candidates:
    """Return the candidates: the ``changes`` that mend a requested finding.

    ``requested``: the ids of the requested findings. ``endpoints``: endpoint id → endpoint.
    """
    candidates = Candidates()
    for change in changes:
        mends = tuple(name for name in change.mends if name in requested)
        if mends:
            mending = change if mends == change.mends else replace(change, mends=mends)
            _add(candidates, mending, endpoints, rule_writer)
    return candidates


def _add(candidates: Candidates, change: Change, endpoints: Mapping[str, Endpoint], rule_writer: RuleWriter) -> None:
    if change.resource.id in endpoints:
        change = private_first(change, endpoints[change.resource.id])
    if change.needs_input:
        candidates.incomplete = (*candidates.incomplete, change)
        candidates.leave([change], _incomplete(change))
    elif not all(map(can_be_made, change.edits)):
        candidates.leave([change], WAY_OUT_UNSEEN)
    elif not change.on_model:
        candidates.by_hand = (*candidates.by_hand, change)
        steps = [step for edit in change.edits if isinstance(edit, Procedure) for step in edit.steps]
        why = f"its change is not proved: {'; '.join(change.unproved)}" if change.unproved else BY_HAND
        candidates.leave([change], f"{why}; first manual step: {steps[0]}" if steps else why)
    else:
        written = rule_writer.as_rules(change)
        if written is None:
            candidates.leave([change], rule_writer.why_not(change))
        elif not can_be_called(written, rule_writer.change_forms):
            writer = f": {change.owner} writes it" if change.owner else ": a person must make the change"
            candidates.leave([change], f"the cloud has no call for this change{writer}")
        else:
            candidates.changes = (*candidates.changes, written)


def _incomplete(change: Change) -> str:
    """Return which declarations a change lacks, and what to declare instead where one is not so."""
    flags = " and ".join("--" + name for name in change.needs_input)
    text = f"the change needs {flags}"
    if not change.way_out:
        return text
    hosts = "; ".join(change.way_out)
    instead = "give their addresses in --admin-cidr instead of --api-inside"
    return f"{text}; if {hosts} must reach the API at its public address, {instead}"


def can_be_called(change: Change, change_forms: ChangeForms) -> bool:
    """Whether a call of the cloud's API, or a person, can make ``change``.

    Always true for a provider without its own change forms, because its calls are not known. So it is for a rule that
    an earlier round of the plan adds: the calls add another rule in its place.
    """
    planned = origin_of(change.rule) != change.rule
    if isinstance(change_forms, PlainForms) or planned or any(map(_waits, change.edits)):
        return True
    return bool(change_forms.calls(change))


def _waits(edit: Edit) -> bool:
    """Whether a person makes the edit, or the edit names a group that another change creates first."""
    if isinstance(edit, RuleEdit):
        return edit.after is not None and edit.after.peer.kind is PeerOf.NEW_GROUP
    return isinstance(edit, Procedure)


def private_first(change: Change, endpoint: Endpoint) -> Change:
    """Return ``change``, with an edit that turns on the endpoint's private side before its public list shrinks.

    The edit is added if the private side is off, and the new list needs the hosts' outbound addresses, which are not
    known, or lets in nobody outside. Any other change is returned as it is.
    """
    (edit, *others) = change.edits
    if others or not isinstance(edit, ListEdit) or endpoint.private or endpoint.for_all_or_nobody:
        return change
    kinds = {peer.kind for peer in edit.after}
    if not kinds & {PeerOf.WAY_OUT, PeerOf.INSIDE}:
        return change
    kept = [pair for pair in zip(edit.after, edit.needs, strict=True) if pair[0].kind is not PeerOf.WAY_OUT]
    shrunk = replace(edit, after=tuple(peer for peer, _ in kept), needs=tuple(why for _, why in kept))
    return replace(change, edits=(AttributeEdit(PRIVATE_SIDE, "off", "on"), shrunk))
