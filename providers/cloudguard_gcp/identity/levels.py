"""The allow and deny policies of a project, and of the folders and the organization above it.

https://cloud.google.com/iam/docs/policy-types
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final
from urllib.parse import quote

from cloudguard.provider.answers import Item, child, children, required, text, texts
from cloudguard.values import dataclass
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.resource_names import EVERYWHERE, all_of
from cloudguard_gcp.identity.bindings import HIDES, RESOURCES, Binding, DenyPolicy, DenyRule, bindings_of

_POLICY_CALLS: Final = {
    "projects": (calls.GET_PROJECT_POLICY, "project"),
    "folders": (calls.GET_FOLDER_POLICY, "folder"),
}


@dataclass(frozen=True, slots=True)
class Level:
    """A project, folder or organization, with its allow bindings and its deny policies.

    ``name`` is "projects/p", "folders/1" or "organizations/2". ``reach`` is the pattern of the resources in it.
    ``unseen``: why its deny policies are not fully known ("": they are). ``complete`` is False if its bindings, or what
    is above it, are not fully known.
    """

    name: str
    reach: str
    call: str
    bindings: tuple[Binding, ...]
    denials: tuple[DenyPolicy, ...]
    unseen: str = ""
    complete: bool = True


def read_levels(api: Api, project: str) -> tuple[Level, ...]:
    """Return the levels from the project up to the organization."""
    first, (above, known) = api.parallel(partial(read_level, api, project), lambda: _levels_above(api, project))
    return (first if known else replace(first, complete=False), *above)


def read_level(api: Api, project: str) -> Level:
    """Read one project, without the levels above it."""
    return _level(api, f"projects/{project}", project)


def organization_of(levels: Iterable[Level]) -> str | None:
    """Return the organization among the levels: "organizations/2"; None if it was not read."""
    return next((level.name for level in levels if level.name.startswith("organizations/")), None)


def _levels_above(api: Api, project: str) -> tuple[list[Level], bool]:
    """Return the folders and the organization above a project, and whether all of them are known."""
    names = list(_ancestors(api, project))
    levels = api.gather(*(partial(_level, api, name, "") for name in names if name))
    return levels, "" not in names


def _ancestors(api: Api, project: str) -> Iterator[str]:
    """Yield the names of what is above a project; "" at the end if not everything is known."""
    call, about, where = calls.GET_RESOURCE_PROJECT, project, {"project": project}
    while True:
        items = api.read(call, hides=HIDES, about=about, **where)
        parents = api.mapped(call, items, _parent, hides=HIDES, about=about)
        if not parents or parents[0]:
            yield parents[0] if parents else ""
        if not parents or not parents[0].startswith("folders/"):
            return
        call, about, where = calls.GET_FOLDER, parents[0], {"folder": parents[0]}


def _parent(item: Item) -> str:
    """Return what a project or folder is in; "" if it is in nothing."""
    parent = text(item, "parent")
    if not parent and not text(item, "projectId"):
        required(item, "name")  # an answer that names nothing is not that of a project or folder
    return parent


def _level(api: Api, name: str, project: str) -> Level:
    call, key = _POLICY_CALLS.get(name.partition("/")[0], (calls.GET_ORGANIZATION_POLICY, "organization"))
    where = {key: project or name}
    items, (denials, unseen) = api.parallel(
        lambda: api.read(call, hides=HIDES, about=name, **where), partial(_denials, api, name)
    )
    reach = all_of(project) if project else EVERYWHERE
    bindings, complete = bindings_of(api, call, items, name)
    return Level(name, reach, call.name, bindings, denials, unseen, complete)


def _denials(api: Api, name: str) -> tuple[tuple[DenyPolicy, ...], str]:
    """Return the deny policies of one level, and why they are not fully known ("": they are).

    Deny policies only take permissions away, so their gaps do not make a row unknown.
    """
    call, attachment = calls.GET_DENY_POLICY, quote(f"{RESOURCES}{name}", safe="")
    listed = api.read_or_none(calls.LIST_DENY_POLICIES, hides=(), about=name, attachment=attachment)
    if listed is None:
        return (), f"{calls.LIST_DENY_POLICIES.name} on {name} was refused"
    names = api.mapped(calls.LIST_DENY_POLICIES, listed, lambda item: required(item, "name"), hides=())
    read = api.gather(*(partial(api.read, call, hides=(), about=name, policy=name) for name in names))
    denied = [
        api.mapped(call, items, _deny_policy, hides=(), about=name) for name, items in zip(names, read, strict=True)
    ]
    unread = [name for name, policies in zip(names, denied, strict=True) if not policies]
    unread += ["a policy without a name"] * (len(listed) - len(names))
    read_policies = tuple(policy for policies in denied for policy in policies)
    return read_policies, f"{', '.join(unread)} could not be read" if unread else ""


def _deny_policy(item: Item) -> DenyPolicy:
    name = text(item, "name")
    rules = tuple(_deny_rule(child(rule, "denyRule")) for rule in children(item, "rules"))
    return DenyPolicy(name, text(item, "displayName") or name, rules, json.dumps(item.get("rules"), sort_keys=True))


def _deny_rule(item: Item) -> DenyRule:
    return DenyRule(
        texts(item, "deniedPrincipals"),
        texts(item, "exceptionPrincipals"),
        texts(item, "deniedPermissions"),
        texts(item, "exceptionPermissions"),
        text(child(item, "denialCondition"), "expression"),
    )


def sets_of_accounts(levels: Iterable[Level], numbers: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the sets of all service accounts of a project and of the levels above it.

    ``numbers``: the numbers of the project. https://cloud.google.com/iam/docs/principal-identifiers
    """
    places = [f"projects/{number}" for number in numbers]
    places += [level.name for level in levels if not level.name.startswith("projects/")]
    return tuple(f"principalSet://{RESOURCES}{place}/type/ServiceAccount" for place in places)
