"""Allow and deny policies of a project, and of the folders and the organization above it.

https://cloud.google.com/iam/docs/policy-types
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Final
from urllib.parse import quote

from cloudguard.model.source import FactKind
from cloudguard.provider.answers import AnswerError, Item, child, children, required, text, texts
from cloudguard.values import dataclass
from cloudguard_gcp.access import calls
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import Call
from cloudguard_gcp.identity.resource_names import EVERYWHERE, account, all_of

_HIDES: Final = (FactKind.IDENTITIES,)
EVERYONE: Final = frozenset({"allUsers", "allAuthenticatedUsers", "principalSet://goog/public:all"})
_OTHERS: Final = (
    *("deleted:", "domain:", "projectEditor:", "projectOwner:", "projectViewer:", "serviceAccount:", "user:"),
    *("principal://goog/", "principal://iam.googleapis.com/", "principalSet://iam.googleapis.com/"),
)
"""Prefixes of members that cannot stand for an unnamed service account: people, service accounts by name, and pools of
federated identities. Any other member may include service accounts: a set of a project or above, a customer, a group
(https://cloud.google.com/iam/docs/principal-identifiers), or an unknown kind.
"""
_GROUPS: Final = ("group:", "principalSet://goog/group/")
"""Prefixes of groups. Their members can be service accounts, but not identities of a pool
(https://cloud.google.com/iam/docs/groups-in-cloud-console).
"""
POLICY: Final = frozenset({"auditConfigs", "bindings", "etag", "version"})
"""The fields of an allow policy (https://cloud.google.com/compute/docs/reference/rest/v1/disks/getIamPolicy)."""
_RESOURCES: Final = "cloudresourcemanager.googleapis.com/"
_OF_ORGANIZATIONS: Final = f"principalSet://{_RESOURCES}organizations/"
"""The prefix of sets of an organization's accounts. An account is in one organization at most."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A binding of members to a role, under a condition ("": none) in the Common Expression Language."""

    role: str
    members: Sequence[str]
    condition: str


@dataclass(frozen=True, slots=True)
class DenyRule:
    """A rule of a deny policy: its members and permissions, the exceptions to each, and a condition ("": none)."""

    denied: Sequence[str]
    spared: Sequence[str]
    permissions: Sequence[str]
    spared_permissions: Sequence[str]
    condition: str


@dataclass(frozen=True, slots=True)
class DenyPolicy:
    """A deny policy. ``text``: its rules as JSON."""

    name: str
    title: str
    rules: tuple[DenyRule, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Level:
    """A project, folder or organization, with its allow bindings and its deny policies.

    ``name`` is "projects/p", "folders/1" or "organizations/2". ``reach`` is the pattern of the resources in it.
    ``unseen``: why its deny policies are not fully known ("": they are).
    """

    name: str
    reach: str
    call: str
    bindings: tuple[Binding, ...]
    denials: tuple[DenyPolicy, ...]
    unseen: str = ""


def bindings_of(
    api: Api, call: Call, policies: Sequence[Item], about: str, hides: tuple[FactKind, ...] = _HIDES
) -> tuple[Binding, ...]:
    """Return the bindings of allow policies in the answer to ``call``. A binding that can't be parsed leaves a Gap."""
    listed = api.mapped(call, policies, _bindings, hides=hides, about=about)
    bindings = [binding for policy in listed for binding in policy]
    return api.mapped(call, bindings, _binding, hides=hides, about=about)


def _bindings(policy: Item) -> Sequence[Item]:
    """Return the bindings of a policy. A policy without bindings has no field for them."""
    if (policy and POLICY.isdisjoint(policy)) or policy.get("bindings", ()) is None:
        message = f"it is no allow policy, but has {', '.join(sorted(policy))[:60]}"
        raise AnswerError(message)
    return children(policy, "bindings")


def _binding(item: Item) -> Binding:
    members = texts(item, "members")
    if not members:
        message = "a binding has no members"
        raise AnswerError(message)
    return Binding(required(item, "role"), members, text(child(item, "condition"), "expression"))


def read_levels(api: Api, project: str) -> tuple[Level, ...]:
    """Return the levels from the project up to the organization."""
    first, above = api.parallel(partial(read_level, api, project), lambda: list(_levels_above(api, project)))
    return (first, *above)


def read_level(api: Api, project: str) -> Level:
    """Read one project, without the levels above it."""
    return _level(api, f"projects/{project}", project)


def organization_of(levels: Iterable[Level]) -> str | None:
    """Return the organization among the levels: "organizations/2"; None if it was not read."""
    return next((level.name for level in levels if level.name.startswith("organizations/")), None)


def _levels_above(api: Api, project: str) -> Iterator[Level]:
    """Yield the folders and the organization above a project. One that can't be read leaves a Gap."""
    names = list(_ancestors(api, project))
    yield from api.gather(*(partial(_level, api, name, "") for name in names))


def _ancestors(api: Api, project: str) -> Iterator[str]:
    call, about = calls.GET_RESOURCE_PROJECT, project
    items = api.read(call, hides=_HIDES, about=project, project=project)
    while parent := next(iter(api.mapped(call, items, _parent, hides=_HIDES, about=about)), ""):
        yield parent
        call, about = calls.GET_FOLDER, parent
        items = api.read(call, hides=_HIDES, about=parent, folder=parent) if parent.startswith("folders/") else []


def _parent(item: Item) -> str:
    """Return what a project or folder is in; "" if it is in nothing."""
    parent = text(item, "parent")
    if not parent and not text(item, "projectId"):
        required(item, "name")  # an answer that names nothing is not that of a project or folder
    return parent


def _level(api: Api, name: str, project: str) -> Level:
    call, key = _policy_call(name)
    where = {key: project or name}
    items, (denials, unseen) = api.parallel(
        lambda: api.read(call, hides=_HIDES, about=name, **where), partial(_denials, api, name)
    )
    api.mapped(call, items, _is_answered, hides=_HIDES, about=name)
    reach = all_of(project) if project else EVERYWHERE
    return Level(name, reach, call.name, bindings_of(api, call, items, name), denials, unseen)


def _is_answered(policy: Item) -> None:
    """Raise AnswerError for an empty answer: a policy without bindings has a tag."""
    if not policy:
        message = "the policy is empty"
        raise AnswerError(message)


def _policy_call(name: str) -> tuple[Call, str]:
    if name.startswith("projects/"):
        return calls.GET_PROJECT_POLICY, "project"
    if name.startswith("folders/"):
        return calls.GET_FOLDER_POLICY, "folder"
    return calls.GET_ORGANIZATION_POLICY, "organization"


def _denials(api: Api, name: str) -> tuple[tuple[DenyPolicy, ...], str]:
    """Return the deny policies of one level, and why they are not fully known ("": they are).

    Deny policies only take permissions away, so their gaps do not make a row unknown.
    """
    call, attachment = calls.GET_DENY_POLICY, quote(f"{_RESOURCES}{name}", safe="")
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


@dataclass(frozen=True, slots=True)
class Principal:
    """A principal that may have roles: its ``names`` in bindings, and its names in deny policies (``denied_as``).

    ``joins_groups``: whether it can be a member of groups. Their members are not read. ``outside``: the addresses of
    groups, in lower case, that do not include it, as the user says.
    """

    id: str
    name: str
    names: frozenset[str]
    denied_as: frozenset[str]
    joins_groups: bool = True
    outside: frozenset[str] = frozenset()

    def is_in(self, listed: Sequence[str], names: frozenset[str]) -> str | None:
        """Return whether ``listed`` members include the principal, which has the names ``names`` there.

        It is "" if they do; a member that may include the principal, if this can't be decided; None if they do not.
        """
        if not names.isdisjoint(listed):
            return ""
        return next((member for member in sorted(listed) if self._may_be_in(member)), None)

    def _may_be_in(self, member: str) -> bool:
        group = group_in(member)
        if group is not None:
            return self.joins_groups and group.lower() not in self.outside
        elsewhere = member.startswith(_OF_ORGANIZATIONS) and any(
            name.startswith(_OF_ORGANIZATIONS) for name in self.names
        )
        return not elsewhere and not member.startswith(_OTHERS)


def group_in(member: str) -> str | None:
    """Return the address of the group that a member of a binding is; None for another member."""
    return next((member.removeprefix(prefix) for prefix in _GROUPS if member.startswith(prefix)), None)


def service_account(
    email: str, project: str, sets: Iterable[str] = (), outside: frozenset[str] = frozenset()
) -> Principal:
    """Return a service account as a principal. ``sets``: names of sets of principals that include it.

    ``outside``: groups that do not include it, see ``Principal``.
    """
    principal = f"principal://iam.googleapis.com/projects/-/serviceAccounts/{email}"
    names = frozenset({f"serviceAccount:{email}", principal, *sets})
    return Principal(account(email, project), email, names, frozenset({principal, *sets}), outside=outside)


def sets_of_accounts(levels: Iterable[Level], numbers: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the sets of all service accounts of a project and of the levels above it.

    ``numbers``: the numbers of the project. https://cloud.google.com/iam/docs/principal-identifiers
    """
    places = [f"projects/{number}" for number in numbers]
    places += [level.name for level in levels if not level.name.startswith("projects/")]
    return tuple(f"principalSet://{_RESOURCES}{place}/type/ServiceAccount" for place in places)


def concerns(members: Sequence[str], principal: Principal) -> str | None:
    """Return whether the members of a binding include a principal.

    It is "" if they do, by its name or as everyone; a member that may include the principal, if this can't be decided;
    None if they do not.
    """
    return principal.is_in(members, principal.names | EVERYONE)


def denied(rule: DenyRule, principal: Principal) -> str | None:
    """Return whether a deny rule applies to a principal.

    It is "" if it does, by its name or as everyone; a set of principals that may include it or exempt it, if this can't
    be decided; None if it does not apply.
    """
    names = principal.denied_as | EVERYONE
    named, spared = (principal.is_in(listed, names) for listed in (rule.denied, rule.spared))
    if named is None or spared == "":
        return None
    return named or spared or ""
