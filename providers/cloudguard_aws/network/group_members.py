"""The interfaces in security groups, checked against the cluster's own, which are known to be among them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Final

from cloudguard.model.cluster import Host
from cloudguard.model.source import FactKind, Gap, Reason
from cloudguard.provider.answers import Item, parts, text
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api

_MEMBERS: Final = (FactKind.MEMBERS,)
Carried = Mapping[str, Collection[str]]
"""By group: the cluster's own interfaces in it."""


def carried_by(hosts: Iterable[Host]) -> dict[str, set[str]]:
    """Return which interfaces of ``hosts`` are in which group."""
    found = dict[str, set[str]]()
    for interface in (one for host in hosts for one in host.interfaces):
        for group in interface.groups:
            found.setdefault(group, set()).add(interface.id)
    return found


def read_members(api: Api, groups: Collection[str], own: Carried, networks: Collection[str]) -> list[Item] | None:
    """Return the interfaces in any of ``groups``; None where they could not be read.

    They are asked for in two ways, by group and by VPC, for some servers that answer in the cloud's place match a list
    of groups only where all of an interface's are in it. Where the cluster's ``own`` are not there, a Gap says so.
    """
    call = calls.DESCRIBE_NETWORK_INTERFACES
    if not groups:
        return []
    listed, every = api.two(
        partial(api.matching_or_none, call, "group-id", groups, hides=_MEMBERS),
        partial(api.matching_or_none, call, "vpc-id", networks, hides=_MEMBERS),
    )
    if listed is None or every is None:
        return None
    known = {text(one, "NetworkInterfaceId"): one for one in [*listed, *(one for one in every if _in(one, groups))]}
    missing = sorted({name for group in groups for name in own.get(group, ())} - known.keys())
    if missing:
        message = f"the interfaces of {', '.join(sorted(groups))} are listed without {missing[0]}, which is one"
        api.add_gap(Gap(call.name, missing[0], Reason.FAILED, message, _MEMBERS))
    return [*known.values()]


def _in(item: Item, groups: Collection[str]) -> bool:
    return any(text(one, "GroupId") in groups for one in parts(item, "Groups"))
