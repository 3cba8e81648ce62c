"""Edits of security group rules as calls: in place if EC2 allows it, else as an addition and a removal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cloudguard.model.filters import Direction, Filter, Rule
from cloudguard.provider.calls.cloud_forms import NoCallError, known
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.provider.change_forms import RuleQuota
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, PeerOf, RuleEdit, RuleOp, RulePeer, RuleTraffic
from cloudguard_aws.changes.edits import EC2, WITHOUT_VALUE, group_id, in_order
from cloudguard_aws.changes.rule_parts import ANY, parts_of, rules_of

MOST_RULES: Final = 60
"""The number of rules that a group may have for one direction and IP version, unless the account's quota was raised.

https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html: a rule that names a group counts for both
versions. A rule that names a prefix list counts as many times as the list may have entries."""
_LISTED: Final = "sgr-"
"""Beginning of the rule ids of DescribeSecurityGroupRules. Any other id is made from the contents of the rule."""
_WORDS: Final = {Direction.INGRESS: "Ingress", Direction.EGRESS: "Egress"}


def fields(traffic: RuleTraffic, description: str = "") -> dict[str, Any]:
    """Return one rule in the fields of SecurityGroupRuleRequest. Raises NoCallError for a peer without a value."""
    (part,) = parts_of(traffic.services)
    written = part.of_group()
    permission = {"FromPort": ANY, "ToPort": ANY} | written | _peer_field(traffic.peer)
    return permission | ({"Description": description} if description else {})


def _peer_field(peer: RulePeer) -> dict[str, Any]:
    if peer.kind in WITHOUT_VALUE:
        message = f"a peer has no value yet: {peer.kind}"
        raise NoCallError(message)
    if peer.kind is PeerOf.RANGE:
        return {"CidrIpv6" if ":" in peer.value else "CidrIpv4": peer.value}
    if peer.kind is PeerOf.ADDRESS_LIST:
        return {"PrefixListId": peer.value}
    return {"ReferencedGroupId": group_id(peer)}


def permission(index: SnapshotIndex, traffic: RuleTraffic, description: str = "") -> dict[str, Any]:
    """Return one rule in the fields of IpPermission."""
    (part,) = parts_of(traffic.services)
    named, peer = _peer_field(traffic.peer), traffic.peer
    about = {"Description": description} if description else {}
    if peer.kind is PeerOf.RANGE:
        plural, key = ("Ipv6Ranges", "CidrIpv6") if ":" in peer.value else ("IpRanges", "CidrIp")
        return part.of_group() | {plural: [{key: peer.value} | about]}
    if peer.kind is PeerOf.ADDRESS_LIST:
        return part.of_group() | {"PrefixListIds": [named | about]}
    group = index.groups.get(peer.value)
    owner = {"UserId": group.owner} if group and group.owner else {}
    return part.of_group() | {"UserIdGroupPairs": [{"GroupId": named["ReferencedGroupId"]} | owner | about]}


def quota(index: SnapshotIndex, guard: Filter) -> RuleQuota | None:
    """Return how full the fullest direction and IP version is. None if the length of a prefix list is not known.

    A group with more rules than the default quota has a raised quota of unknown size: the result is its present size.
    """
    counts = dict.fromkeys(((direction, version) for direction in Direction for version in (4, 6)), 0)
    for rule in guard.rules:
        weight = 1
        if rule.peer.address_list:
            listed = index.address_lists.get(rule.peer.address_list)
            if listed is None or not listed.known:
                return None
            weight = max(1, len(listed.ranges))
        for version in (4, 6):
            counts[rule.direction, version] += weight if _has_version(rule, version) else 0
    present = max(counts.values())
    return RuleQuota(max(MOST_RULES, present), present)


def _has_version(rule: Rule, version: int) -> bool:
    addresses = rule.peer.addresses
    return addresses is None or bool(addresses.size6 if version == 6 else addresses.size4)  # noqa: PLR2004 - IP version


def calls(index: SnapshotIndex, change: Change) -> Iterator[PlannedCall]:
    """Yield the calls that make the rule edits of a change: changes in place, then additions, then removals."""
    for place, edit in in_order(change):
        for call, inverse in _edit(index, change.resource.id, edit):
            yield PlannedCall(place, call, (inverse,))


def _edit(index: SnapshotIndex, group: str, edit: RuleEdit) -> Iterator[tuple[ApiCall, ApiCall]]:
    rule = index.rules.get((group, edit.rule))
    description = rule.description if rule else ""
    after = rules_of(edit.after) if edit.after else ()
    if edit.op is RuleOp.MODIFY and edit.before is not None and after:
        present = known(rule, f"the rule {edit.rule}")
        same_kind = _kind(edit.before.peer) == _kind(after[0].peer)
        if present.id.startswith(_LISTED) and same_kind:
            yield from (_added(index, group, traffic, description) for traffic in after[1:])
            yield _modified(group, present, after[0], rules_of(edit.before), description)
            return
    yield from (_added(index, group, traffic, description) for traffic in after)
    if edit.op is not RuleOp.ADD and edit.before is not None:
        yield _removed(index, group, known(rule, f"the rule {edit.rule}"), edit.before)


def _kind(peer: RulePeer) -> str:
    """Return the kind of a rule's peer. EC2 refuses to change the kind of a rule's peer in place."""
    return ":" if peer.kind is PeerOf.RANGE and ":" in peer.value else str(peer.kind).removeprefix("new-")


def _modified(
    group: str, rule: Rule, after: RuleTraffic, before: tuple[RuleTraffic, ...], description: str
) -> tuple[ApiCall, ApiCall]:
    def put(traffic: RuleTraffic) -> ApiCall:
        rule_fields = {"SecurityGroupRuleId": rule.id, "SecurityGroupRule": fields(traffic, description)}
        return ApiCall(EC2, "ModifySecurityGroupRules", {"GroupId": group, "SecurityGroupRules": [rule_fields]})

    if len(before) != 1:
        message = f"EC2 cannot express {rule.id} as one rule"
        raise NoCallError(message)
    return put(after), put(before[0])


def _added(index: SnapshotIndex, group: str, traffic: RuleTraffic, description: str) -> tuple[ApiCall, ApiCall]:
    word, plain = _WORDS[traffic.direction], permission(index, traffic)
    authorize = _permit(word, group, permission(index, traffic, description))
    return authorize, ApiCall(EC2, f"RevokeSecurityGroup{word}", {"GroupId": group, "IpPermissions": [plain]})


def _removed(index: SnapshotIndex, group: str, rule: Rule, before: RuleTraffic) -> tuple[ApiCall, ApiCall]:
    word, present = _WORDS[rule.direction], permission(index, before)
    listed = rule.id.startswith(_LISTED)
    which = {"SecurityGroupRuleIds": [rule.id]} if listed else {"IpPermissions": [present]}
    back = _permit(word, group, permission(index, before, rule.description))
    return ApiCall(EC2, f"RevokeSecurityGroup{word}", {"GroupId": group, **which}), back


def _permit(word: str, group: str, permission: Mapping[str, Any]) -> ApiCall:
    return ApiCall(EC2, f"AuthorizeSecurityGroup{word}", {"GroupId": group, "IpPermissions": [permission]})
