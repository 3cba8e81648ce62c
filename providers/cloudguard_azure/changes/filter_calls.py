"""Calls that edit rules of network security groups, or that create a new group if none can be edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from cloudguard.model.filters import Filter
from cloudguard.provider.calls.cloud_forms import NoCallError
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.provider.rule_parts.edits import EditedRule, rule_calls
from cloudguard.provider.rule_parts.parts import Part, name_of_rule
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, GroupEdit, MembershipEdit, RuleEdit, RulePeer
from cloudguard_azure.access.ids import canonical, group_of, subscription_of
from cloudguard_azure.changes.calls import delete, put
from cloudguard_azure.changes.own_group import own_group
from cloudguard_azure.changes.rule_bodies import BodyWriter
from cloudguard_azure.changes.rule_forms import FIRST_PRIORITY, expressed
from cloudguard_azure.changes.security_rules import SecurityRules
from cloudguard_azure.network.security_groups import KIND

_SEPARATOR: Final = " in "


def group_id(guard: Filter) -> str:
    """Return the id of a filter's security group; "" if the filter is not one."""
    group = guard.id.partition(_SEPARATOR)[0]
    return group if guard.kind == KIND and group.startswith("/") else ""


class FilterCalls:
    """Makes the calls for edits of rules in one snapshot."""

    def __init__(self, index: SnapshotIndex) -> None:
        self._index = index
        self._reached: dict[str, tuple[int, Change | None, SecurityRules]] = {}
        """For each group: how many changes were applied, the last of them, and the rules after it."""

    def calls(self, change: Change, earlier_changes: Sequence[Change]) -> Iterator[PlannedCall]:
        """Yield the calls for a change of rules, after ``earlier_changes``. Raises NoCallError if there are none."""
        guard, edits = self._index.filters.get(change.resource.id), change.rule_edits
        if guard is None:
            return
        writer = BodyWriter(self._index.address_lists, self._new_groups((*earlier_changes, change)))
        before = SecurityRules.of(guard)
        if not group_id(guard) or not (guard.editable or _are_of_users(before, edits)):
            earlier = [
                edit for change in earlier_changes if change.resource.id == guard.id for edit in change.rule_edits
            ]
            yield from own_group(self._index.snapshot, guard, earlier, edits, writer)
            return
        _check(writer, (earlier_change for earlier_change in earlier_changes if earlier_change.id == change.id))
        before = self._after(guard, before, earlier_changes, change.id)
        group = group_id(guard)

        def call(name: str, old: EditedRule | None, new: EditedRule | None) -> ApiCall:
            del old
            resource = f"{group}/securityRules/{name}"
            return put(resource, {"properties": writer.body(new.parts, new.priority)}) if new else delete(resource)

        yield from rule_calls(before.rules, before.edited(edits).rules, call)

    def _after(self, guard: Filter, rules: SecurityRules, earlier: Sequence[Change], group: str) -> SecurityRules:
        """Return a group's rules after the ``earlier`` changes. It continues from the last call's changes if it can."""
        count, last, known = self._reached.get(group_id(guard), (0, None, rules))
        if count > len(earlier) or (count and earlier[count - 1] is not last):
            count, known = 0, rules
        for change in earlier[count:]:
            if self._same_group(change, guard):
                try:
                    known = known.edited(change.rule_edits)
                except NoCallError:  # no call makes this change; a part of ``group`` then stops all of ``group``
                    if change.id == group:
                        raise
        if earlier:
            self._reached[group_id(guard)] = (len(earlier), earlier[-1], known)
        return known

    def _same_group(self, change: Change, guard: Filter) -> bool:
        other = self._index.filters.get(change.resource.id)
        return other is not None and group_id(other) == group_id(guard)

    def _new_groups(self, changes: Iterable[Change]) -> Mapping[RulePeer, str]:
        edits = (edit for change in changes for edit in change.edits if isinstance(edit, GroupEdit))
        managed = self._index.snapshot.cluster.managed
        return {edit.group: new_group_id(edit) for edit in edits if moves_by_call(edit) and not managed}


def _check(writer: BodyWriter, changes: Iterable[Change]) -> None:
    """Raise NoCallError if the rules that earlier edits of a change add can't be written: then nothing is removed."""
    for edit in (edit for change in changes for edit in change.rule_edits if edit.after is not None):
        for traffic in expressed(edit.after) if edit.after is not None else ():
            writer.body((Part("", traffic),), FIRST_PRIORITY)


def scale_set_of(member: str) -> str:
    """Return the scale set whose model decides about a member: an interface or the set itself; "" if none does."""
    name = canonical(member)
    return name.partition("/virtualmachines/")[0] if "/virtualmachinescalesets/" in name else ""


def moves_by_call(edit: GroupEdit | MembershipEdit) -> bool:
    """Whether calls can move all members. An interface of a uniform scale set moves only with the whole set."""
    return {scale_set_of(member.id) for member in edit.members} - {""} <= {
        canonical(member.id) for member in edit.members
    }


def _are_of_users(rules: SecurityRules, edits: Iterable[RuleEdit]) -> bool:
    """Whether all edits are of rules that somebody added to a group managed by AKS. AKS does not change such rules."""
    return all(name_of_rule(edit.rule) in rules.rules for edit in edits)


def new_group_id(edit: GroupEdit) -> str:
    """Return the id of a new application security group: it is in its network's resource group."""
    scope = f"/subscriptions/{subscription_of(edit.network)}/resourceGroups/{group_of(edit.network)}"
    return f"{scope}/providers/Microsoft.Network/applicationSecurityGroups/{edit.name}"
