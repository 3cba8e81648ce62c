"""Changes as patches of their owners' sources: fields of a specification, a stack's template or a Service.

No owner is named in this module. The owners' documents and fields are in the provider's table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any, cast

from cloudguard.model.filters import Direction, Filter, Rule
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.provider.ownership.changes import Owned, SnapshotOwners, place_of
from cloudguard.provider.ownership.facts import OwnerFacts, PatchForm, Place, filled, filled_template
from cloudguard.provider.ownership.rule_items import NoFieldError, rule_items
from cloudguard.provider.ownership.yaml_text import yaml_text
from cloudguard.provider.rule_parts.parts import Part
from cloudguard.results.change import Change, ListEdit, PeerOf, RuleEdit, RulePeer, RuleTraffic
from cloudguard.values import dataclass

_SEGMENT = re.compile(r"(?:\\.|[^.\\])+")
_NAMED = re.compile(r"\[(\w+)=(.*)\]")


@dataclass(frozen=True, eq=False)
class _Document:
    """A document of an owner with the fields to set. ``comments``: lines that say which change each field is for."""

    fields: dict[str, Any]
    comments: list[str] = field(default_factory=list[str])


def source(snapshot: Snapshot, changes: Sequence[Change], table: Mapping[str, OwnerFacts]) -> str:
    """Return patches for all ``changes`` as YAML documents. Changes that no owner's field can make become comments."""
    documents = dict[str, _Document]()
    unplaced = list[str]()
    owners, patcher = SnapshotOwners(snapshot), _Patcher(snapshot, changes, table)
    for change in changes:
        resources = [*owners.owned(change)]
        if not resources:
            unplaced.append(f"{_title(change)}: no program is known to write it, so edit the resource itself")
        for resource in resources:
            try:
                patcher.add(change, resource, documents)
            except NoFieldError as error:
                unplaced.append(f"{_title(change)}: written by {resource.owner.who}; {error}")
    texts = [_comments(document.comments) + yaml_text(document.fields) for document in documents.values()]
    return "---\n".join(filter(None, (*texts, _comments(unplaced))))


def _title(change: Change) -> str:
    name = change.resource.name or change.resource.id
    return f"{change.order or change.id}. {change.kind} on {name} {change.rule}".rstrip()


def _comments(lines: Iterable[str]) -> str:
    """Return ``lines`` as comments. Unprintable characters are replaced, so that no text can end its comment."""
    return "".join(f"# {''.join(char if char.isprintable() else '?' for char in line)}\n" for line in lines)


def _set(document: dict[str, Any], path: Sequence[str], value: object) -> None:
    """Set the field at ``path``. A segment [KEY=VALUE] selects the item of a list with this value."""
    first, *rest = path
    first = first.replace("\\.", ".")
    if not rest:
        document[first] = value
        return
    named = _NAMED.fullmatch(rest[0])
    if named is None:
        _set(document.setdefault(first, {}), rest, value)
        return
    items = cast("list[dict[str, Any]]", document.setdefault(first, []))
    item = next((item for item in items if item.get(named[1]) == named[2]), None)
    if item is None:
        item = {named[1]: named[2]}
        items.append(item)
    _set(item, rest[1:], value)


class _Patcher:
    """Computes the new values of fields, for all changes of a plan together."""

    def __init__(self, snapshot: Snapshot, changes: Sequence[Change], table: Mapping[str, OwnerFacts]) -> None:
        self._table = table
        self._index = SnapshotIndex(snapshot)
        self._edits: dict[tuple[str, str], list[RuleEdit]] = {}
        for change in changes:
            self._edits.setdefault((change.resource.id, change.rule), []).extend(change.rule_edits)

    def add(self, change: Change, resource: Owned, documents: dict[str, _Document]) -> None:
        """Set the field that makes ``change`` in one of ``documents``. Raises NoFieldError if no field can."""
        place, names = place_of(resource, self._table), self._names(change, resource)
        where = filled(place.where, names) if place else resource.owner.instead
        if place is None or place.patch is None:
            message = f"no patch can express this change. Instead: {where}; or accept it with: cloudguard waivers add"
            raise NoFieldError(message)
        if change.needs_input:
            message = f"first set --{change.needs_input[0]}"
            raise NoFieldError(message)
        value = self._value(change, resource, place, place.patch)
        if not value and value is not False and not place.patch.may_be_empty:
            message = f"the change would empty its field, which then allows everyone or the previous senders: {where}"
            raise NoFieldError(message)
        document = cast("dict[str, Any]", filled_template(place.patch.document, names))
        entry = documents.setdefault(yaml_text(document), _Document(document))
        entry.comments.append(f"{_title(change)}: {where}")
        _set(entry.fields, [filled(segment, names) for segment in _SEGMENT.findall(place.patch.path)], value)

    def _names(self, change: Change, resource: Owned) -> Mapping[str, str]:
        """Return the owner's names, with the name of the changed filter and of the first subnet that it guards."""
        guard = self._index.filters.get(change.resource.id)
        subnets = (each for each in self._index.snapshot.topology.subnets if guard and guard.id in each.filters)
        subnet = next((each.name or each.id for each in subnets), "")
        return {**dict(resource.owner.names), "filter": guard.name if guard else "", "subnet": subnet}

    def _value(self, change: Change, resource: Owned, place: Place, patch: PatchForm) -> object:
        guard = self._index.filters.get(change.resource.id)
        if patch.value == "rules" and guard:
            return rule_items(patch.items, [*self._rules(guard, change, resource, place)], guard)
        if patch.value == "rule" and guard and resource.rule:
            items = cast("Mapping[str, Any]", filled_template(patch.items, self._names(change, resource)))
            return rule_items(items, [*self._afterwards(guard, resource.rule)], guard, resource.rule)
        if not isinstance(patch.value, str) or patch.value not in {"peers", "ranges", "joined-ranges"}:
            return patch.value
        peers = self._peers(change, resource, place)
        able = {PeerOf.RANGE, PeerOf.ADDRESS_LIST} if patch.value == "peers" else {PeerOf.RANGE}
        odd = [peer.value for peer in peers if peer.kind not in able]
        if odd:
            message = f"its field accepts only ranges, not {', '.join(odd)}"
            raise NoFieldError(message)
        texts = sorted({peer.value for peer in peers})
        gone = {edit.before.peer.value for edit in change.rule_edits if edit.before is not None}
        gone -= {edit.after.peer.value for edit in change.rule_edits if edit.after is not None}
        if kept := sorted(gone & set(texts)):
            message = f"its field also writes another rule, which allows {', '.join(kept)}"
            raise NoFieldError(message)
        if resource.rule and any(
            edit.after and edit.after.services != resource.rule.services for edit in change.rule_edits
        ):
            message = f"its field accepts no ports: it always means {resource.rule.services}"
            raise NoFieldError(message)
        return ",".join(texts) if patch.value == "joined-ranges" else texts

    def _peers(self, change: Change, resource: Owned, place: Place) -> list[RulePeer]:
        """Return the peers that the field lets in after the changes.

        These are the peers of an endpoint's new list, or the peers of all rules that the field writes.
        """
        lists = [edit for edit in change.edits if isinstance(edit, ListEdit)]
        if lists:
            return [peer for edit in lists for peer in edit.after]
        return [
            traffic.peer
            for guard in self._index.filters.values()
            for traffic in self._rules(guard, change, resource, place)
        ]

    def _rules(self, guard: Filter, change: Change, resource: Owned, place: Place) -> Iterator[RuleTraffic]:
        """Yield the rules of ``guard`` after the changes that the owner writes with the same field of one document."""
        document: Mapping[str, Any] = place.patch.document if place.patch else dict[str, Any]()
        wanted = filled_template(document, self._names(change, resource))
        for rule in guard.rules:
            owner = rule.written_by
            if owner is None or rule.direction is not Direction.INGRESS or owner.id != resource.owner.id:
                continue
            here = dict(resource.owner.names) if guard.id == change.resource.id else {}
            names = {**here, **dict(owner.names)}
            same = Owned(resource.edited, replace(owner, names=tuple(names.items())), rule)
            if place_of(same, self._table) == place and filled_template(document, names) == wanted:
                yield from self._afterwards(guard, rule)

    def _afterwards(self, guard: Filter, rule: Rule) -> Iterator[RuleTraffic]:
        edits = self._edits.get((guard.id, rule.id))
        if edits is None:
            yield Part.of(rule).traffic
        for edit in edits or ():
            if edit.after is not None:
                yield replace(edit.after, direction=rule.direction)
