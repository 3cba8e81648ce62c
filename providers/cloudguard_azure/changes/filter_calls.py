"""Calls that edit rules of network security groups, or that create a new group if none can be edited."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from cloudguard.model.filters import Action, Filter
from cloudguard.model.snapshot import Snapshot
from cloudguard.provider.rule_parts.parts import Part, name_of_rule
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, GroupEdit, MembershipEdit, RuleEdit, RulePeer
from cloudguard_azure.access.ids import canonical, group_of, subscription_of
from cloudguard_azure.changes.calls import delete, put
from cloudguard_azure.changes.own_group import own_group
from cloudguard_azure.changes.rule_bodies import Body, BodyWriter
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

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._filters = {guard.id: guard for guard in snapshot.topology.filters}
        self._reached: dict[str, tuple[int, Change | None, SecurityRules]] = {}
        """For each group: how many changes were applied, the last of them, and the rules after it."""

    def calls(self, change: Change, earlier_changes: Sequence[Change]) -> tuple[PlannedCall, ...]:
        """Return the calls for a change of rules, after ``earlier_changes``; none if no call can make it."""
        guard = self._filters.get(change.resource.id)
        if guard is None:
            return ()
        writer = BodyWriter(
            {address_list.id: address_list for address_list in self._snapshot.topology.address_lists},
            self._new_groups((*earlier_changes, change)),
        )
        edits = change.rule_edits
        try:
            before = SecurityRules.of(guard)
            if not group_id(guard) or not (guard.editable or _are_of_users(before, edits)):
                earlier = [
                    edit for change in earlier_changes if change.resource.id == guard.id for edit in change.rule_edits
                ]
                return tuple(own_group(self._snapshot, guard, earlier, edits, writer))
            _check(writer, (earlier_change for earlier_change in earlier_changes if earlier_change.id == change.id))
            before = self._after(guard, before, earlier_changes, change.id)
            return tuple(_difference(group_id(guard), before, before.edited(edits), writer))
        except ValueError:
            return ()

    def _after(self, guard: Filter, rules: SecurityRules, earlier: Sequence[Change], group: str) -> SecurityRules:
        """Return a group's rules after the ``earlier`` changes. It continues from the last call's changes if it can."""
        count, last, known = self._reached.get(group_id(guard), (0, None, rules))
        if count > len(earlier) or (count and earlier[count - 1] is not last):
            count, known = 0, rules
        for change in earlier[count:]:
            if self._same_group(change, guard):
                try:
                    known = known.edited(change.rule_edits)
                except ValueError:  # no call makes this change; a part of ``group`` then stops all of ``group``
                    if change.id == group:
                        raise
        if earlier:
            self._reached[group_id(guard)] = (len(earlier), earlier[-1], known)
        return known

    def _same_group(self, change: Change, guard: Filter) -> bool:
        other = self._filters.get(change.resource.id)
        return other is not None and group_id(other) == group_id(guard)

    def _new_groups(self, changes: Iterable[Change]) -> Mapping[RulePeer, str]:
        edits = (edit for change in changes for edit in change.edits if isinstance(edit, GroupEdit))
        managed = self._snapshot.cluster.managed
        return {edit.group: new_group_id(edit) for edit in edits if moves_by_call(edit) and not managed}


def _check(writer: BodyWriter, changes: Iterable[Change]) -> None:
    """Raise ValueError if the rules that earlier edits of a change add can't be written: then nothing is removed."""
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


def _difference(group: str, before: SecurityRules, after: SecurityRules, writer: BodyWriter) -> Iterator[PlannedCall]:
    """Yield a call for each rule that differs: added rules first (denials last), then changed, then removed ones."""
    old = {
        name: writer.body(rule.parts, rule.priority) for name, rule in before.rules.items() if name not in after.rules
    }
    changed = {name: rule for name, rule in after.rules.items() if rule.edits}
    order = sorted(
        changed,
        key=lambda name: (name in before.rules, changed[name].traffic.action is Action.DENY, changed[name].priority),
    )
    last = max((place for rule in changed.values() for place in rule.edits), default=0)
    for name in order:
        rule, resource = changed[name], f"{group}/securityRules/{name}"
        known = before.rules.get(name)
        undo = put_rule(resource, writer.body(known.parts, known.priority)) if known else delete(resource)
        yield PlannedCall(min(rule.edits), put_rule(resource, writer.body(rule.parts, rule.priority)), (undo,))
    for name, body in old.items():
        resource = f"{group}/securityRules/{name}"
        yield PlannedCall(last if changed else 0, delete(resource), (put_rule(resource, body),))


def put_rule(resource: str, body: Body) -> ApiCall:
    """Return the call that writes a rule."""
    return put(resource, {"properties": body})
