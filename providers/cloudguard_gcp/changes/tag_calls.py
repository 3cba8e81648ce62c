"""Calls that add or remove network tags of machines. Such a tag is a group without other properties.

https://cloud.google.com/vpc/docs/add-remove-network-tags
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudguard.model.snapshot import Snapshot
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, GroupEdit, MembershipEdit, Resource
from cloudguard_gcp.changes.firewalls import COMPUTE
from cloudguard_gcp.changes.rule_forms import TAG
from cloudguard_gcp.cluster.selectors import by_tag


def tag_calls(snapshot: Snapshot, change: Change) -> Iterator[PlannedCall]:
    """Yield the calls that add machines to groups or remove them; none if a member is a pool.

    The template of a pool is never edited.
    """
    project = snapshot.cluster.account
    for place, edit in enumerate(change.edits):
        if not isinstance(edit, GroupEdit | MembershipEdit):
            continue
        joins = edit.joins if isinstance(edit, MembershipEdit) else (by_tag(edit.name),)
        leaves = edit.leaves if isinstance(edit, MembershipEdit) else ()
        if all(group.startswith(TAG) for group in (*joins, *leaves)) and not any(
            _is_pool(member) for member in edit.members
        ):
            for member in edit.members:
                for word, other, groups in (("add", "remove", joins), ("remove", "add", leaves)):
                    if groups:
                        tags = [group.removeprefix(TAG) for group in groups]
                        call, undo = (_tagged(project, member, action, tags) for action in (word, other))
                        yield PlannedCall(place, call, (undo,))


def _is_pool(member: Resource) -> bool:
    return member.kind == "pool"


def _tagged(project: str, member: Resource, word: str, tags: Sequence[str]) -> ApiCall:
    zone, name, *_ = member.id.split("/")
    where = {"project": project, "zone": zone, "instance": name}
    return ApiCall(COMPUTE, "compute.instances.setTags", {**where, word: [*tags]})
