"""Calls that add or remove network tags of machines. Such a tag is a group without other properties.

https://cloud.google.com/vpc/docs/add-remove-network-tags
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cloudguard.provider.calls.cloud_forms import Pair
from cloudguard.results.api_call import ApiCall
from cloudguard.results.change import GroupEdit, MembershipEdit, Resource
from cloudguard_gcp.changes.firewalls import COMPUTE
from cloudguard_gcp.changes.rule_forms import TAG
from cloudguard_gcp.cluster.selectors import by_tag


def tag_calls(project: str, edit: GroupEdit | MembershipEdit) -> Iterator[Pair]:
    """Yield the calls that add machines to groups or remove them; none if a member is a pool.

    The template of a pool is never edited.
    """
    joins = edit.joins if isinstance(edit, MembershipEdit) else (by_tag(edit.name),)
    leaves = edit.leaves if isinstance(edit, MembershipEdit) else ()
    are_tags = all(group.startswith(TAG) for group in (*joins, *leaves))
    if not are_tags or any(member.kind == "pool" for member in edit.members):
        return
    for member in edit.members:
        for word, other, groups in (("add", "remove", joins), ("remove", "add", leaves)):
            if groups:
                tags = [group.removeprefix(TAG) for group in groups]
                yield _tagged(project, member, word, tags), (_tagged(project, member, other, tags),)


def _tagged(project: str, member: Resource, word: str, tags: Sequence[str]) -> ApiCall:
    zone, name, *_ = member.id.split("/")
    where = {"project": project, "zone": zone, "instance": name}
    return ApiCall(COMPUTE, "compute.instances.setTags", {**where, word: [*tags]})
