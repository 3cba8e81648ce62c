"""Edits of network ACL entries as calls. A call replaces a whole entry, by its number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from cloudguard.model.filters import Action, Direction, Filter
from cloudguard.provider.calls.cloud_forms import NoCallError, known
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.provider.change_forms import RuleQuota
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, PeerOf, RuleEdit, RuleOp, RuleTraffic
from cloudguard_aws.changes.edits import EC2, in_order
from cloudguard_aws.changes.rule_parts import parts_of, rules_of

MOST_RULES: Final = 20
"""The number of entries that a network ACL may have in one direction, closing entries included, unless the quota was
raised.

https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html"""
LAST_NUMBER: Final = 32766
"""The highest number that a user's entry may have: https://docs.aws.amazon.com/vpc/latest/userguide/nacl-rules.html"""
_DEFAULT_DENIALS: Final = 2
_WORDS: Final = {Action.PERMIT: "allow", Action.DENY: "deny"}
Numbers = dict[tuple[Direction, int], object]
"""Dict of (direction, number in use) → the entry's id or the edit that uses it."""


def rules(traffic: RuleTraffic) -> tuple[RuleTraffic, ...]:
    """Return the fewest entries that allow, or deny, ``traffic``. Empty for a peer that is no range."""
    return rules_of(traffic) if traffic.peer.kind is PeerOf.RANGE else ()


def fields(traffic: RuleTraffic) -> dict[str, Any]:
    """Return an entry without its number. Raises NoCallError for a peer that is no range."""
    if traffic.peer.kind is not PeerOf.RANGE:
        message = f"an entry of a network ACL needs a range, not {traffic.peer.kind}"
        raise NoCallError(message)
    (part,) = parts_of(traffic.services)
    block = {"Ipv6CidrBlock" if ":" in traffic.peer.value else "CidrBlock": traffic.peer.value}
    about = {"Egress": traffic.direction is Direction.EGRESS, "RuleAction": _WORDS[traffic.action]}
    return part.of_acl() | block | about


def quota(guard: Filter) -> RuleQuota:
    """Return how full the fuller direction is.

    An ACL with more entries than the default quota has a raised quota of unknown size.
    """
    counts = [sum(rule.direction is direction for rule in guard.rules) for direction in Direction]
    present = max(counts) + _DEFAULT_DENIALS
    return RuleQuota(max(MOST_RULES, present), present)


def calls(index: SnapshotIndex, change: Change, earlier: Sequence[Change]) -> Iterator[PlannedCall]:
    """Yield the calls that make the rule edits of a change. An added entry gets a free number."""
    acl = change.resource.id
    guard = known(index.filters.get(acl), f"the network ACL {acl}")
    used: Numbers = {(rule.direction, rule.order): rule.id for rule in guard.rules}
    numbers = dict[int, list[int]]()
    for each in (*(change for change in earlier if change.resource.id == acl), change):
        numbers = {
            place: [_number(index, acl, edit, traffic, used) for traffic in rules(edit.after)[_in_place(edit) :]]
            for place, edit in enumerate(each.edits)
            if isinstance(edit, RuleEdit) and edit.after
        }
    for place, edit in in_order(change):
        for call, inverse in _edit(index, acl, edit, numbers.get(place, [])):
            yield PlannedCall(place, call, (inverse,))


def _in_place(edit: RuleEdit) -> int:
    """Return how many of an edit's entries keep the number of the entry that they replace."""
    return 1 if edit.op is RuleOp.MODIFY else 0


def _number(index: SnapshotIndex, acl: str, edit: RuleEdit, traffic: RuleTraffic, used: Numbers) -> int:
    """Return a free number: the edit's own number, or the next one after the entry that the new entry replaces.

    No other entry may lie between the two. Raises NoCallError if no number is free.
    """
    origin = index.rules.get((acl, edit.rule))
    first = edit.order if edit.order is not None else (origin.order + 1 if origin else 1)
    for number in range(first, LAST_NUMBER + 1):
        holder = used.get((traffic.direction, number))
        if holder is None:
            used[traffic.direction, number] = edit
            return number
        if holder is not edit:
            break
    message = f"no number after {first - 1} is free in {acl}"
    raise NoCallError(message)


def _edit(index: SnapshotIndex, acl: str, edit: RuleEdit, numbers: Sequence[int]) -> Iterator[tuple[ApiCall, ApiCall]]:
    after = rules(edit.after) if edit.after else ()
    kept, added = after[: _in_place(edit)], after[_in_place(edit) :]
    for traffic, number in zip(added, numbers, strict=True):
        yield _entry_call("Create", acl, number, traffic), _delete(acl, number, traffic)
    if edit.op is RuleOp.ADD or edit.before is None:
        return
    present = known(index.rules.get((acl, edit.rule)), f"the entry {edit.rule}").order
    for traffic in kept:
        yield _entry_call("Replace", acl, present, traffic), _entry_call("Replace", acl, present, edit.before)
    if not kept:
        yield _delete(acl, present, edit.before), _entry_call("Create", acl, present, edit.before)


def _entry_call(verb: str, acl: str, number: int, traffic: RuleTraffic) -> ApiCall:
    about = {"NetworkAclId": acl, "RuleNumber": number}
    return ApiCall(EC2, f"{verb}NetworkAclEntry", about | fields(traffic))


def _delete(acl: str, number: int, traffic: RuleTraffic) -> ApiCall:
    about = {"NetworkAclId": acl, "RuleNumber": number, "Egress": traffic.direction is Direction.EGRESS}
    return ApiCall(EC2, "DeleteNetworkAclEntry", about)
