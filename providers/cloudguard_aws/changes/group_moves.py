"""New security groups, and moves of members between groups: interfaces of hosts, and launch templates of pools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from cloudguard.provider.calls.cloud_forms import Pair, known
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import ApiCall
from cloudguard.results.change import Change, GroupEdit, MembershipEdit, Resource
from cloudguard_aws.changes.edits import EC2, group_id, group_name
from cloudguard_aws.changes.template_edits import POOL, Moves, groups_after_move, pool_calls

_EVERYWHERE: Final = (("IpRanges", "CidrIp", "0.0.0.0/0"), ("Ipv6Ranges", "CidrIpv6", "::/0"))


def calls(index: SnapshotIndex, change: Change, edit: Moves, earlier: Sequence[Change]) -> Iterator[Pair]:
    """Yield the calls that make a group and move its members. A call for an interface lists all of its groups."""
    if isinstance(edit, GroupEdit):
        yield from _group_creation(index, edit)
    for member in edit.members:
        if member.kind == POOL:
            yield from pool_calls(index, member.id, change, edit, earlier)
        else:
            before = _groups_before(index, member, earlier)
            yield _set_groups(member, groups_after_move(before, edit)), (_set_groups(member, before),)


def _group_creation(index: SnapshotIndex, edit: GroupEdit) -> Iterator[Pair]:
    """Yield the calls that make a group without rules: EC2 adds a rule to a new group that lets everything out.

    EC2 adds this rule once for each IP version of the VPC (EC2 API reference, CreateSecurityGroup).
    """
    group = {"GroupId": group_id(edit.group)}
    about = {"GroupName": edit.name, "Description": f"cloudguard: {edit.group.value}", "VpcId": edit.network}
    make = ApiCall(EC2, "CreateSecurityGroup", about, {group_name(edit.group): "GroupId"})
    yield make, (ApiCall(EC2, "DeleteSecurityGroup", group),)
    network = known(index.networks.get(edit.network), f"the VPC {edit.network}")
    versions = _EVERYWHERE if network.ranges.size6 else _EVERYWHERE[:1]
    everything = [{"IpProtocol": "-1", plural: [{key: cidr}]} for plural, key, cidr in versions]
    permissions = group | {"IpPermissions": everything}
    back = ApiCall(EC2, "AuthorizeSecurityGroupEgress", permissions)
    yield ApiCall(EC2, "RevokeSecurityGroupEgress", permissions), (back,)


def _groups_before(index: SnapshotIndex, member: Resource, earlier: Sequence[Change]) -> list[object]:
    """Return an interface's groups after the earlier changes of the plan."""
    groups: list[object] = [*known(index.interfaces.get(member.id), f"the interface {member.id}").groups]
    for edit in (edit for change in earlier for edit in change.edits):
        if isinstance(edit, (GroupEdit, MembershipEdit)) and member.id in {each.id for each in edit.members}:
            groups = groups_after_move(groups, edit)
    return groups


def _set_groups(member: Resource, groups: Sequence[object]) -> ApiCall:
    return ApiCall(EC2, "ModifyNetworkInterfaceAttribute", {"NetworkInterfaceId": member.id, "Groups": [*groups]})
