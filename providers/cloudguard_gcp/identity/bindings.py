"""Bindings of allow policies, rules of deny policies, and the principals that they concern.

https://cloud.google.com/iam/docs/policy-types
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from cloudguard.model.source import FactKind
from cloudguard.provider.answers import AnswerError, Item, child, children, required, text, texts
from cloudguard.values import dataclass
from cloudguard_gcp.access.api import Api
from cloudguard_gcp.access.calls import Call
from cloudguard_gcp.access.resource_names import account

HIDES: Final = (FactKind.IDENTITIES,)
"""The facts that a failed call about identities hides."""
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
_POLICY: Final = frozenset({"auditConfigs", "bindings", "etag", "version"})
"""The fields of an allow policy (https://cloud.google.com/compute/docs/reference/rest/v1/disks/getIamPolicy)."""
RESOURCES: Final = "cloudresourcemanager.googleapis.com/"
_OF_ORGANIZATIONS: Final = f"principalSet://{RESOURCES}organizations/"
"""The prefix of sets of an organization's accounts. An account is in one organization at most."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A binding of members to a role, under a condition ("": none) in the Common Expression Language.

    ``above``: the level of a binding that an account inherits ("": the binding is on the account itself).
    """

    role: str
    members: Sequence[str]
    condition: str
    above: str = ""


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


def bindings_of(
    api: Api, call: Call, policies: Sequence[Item], about: str, hides: tuple[FactKind, ...] = HIDES
) -> tuple[tuple[Binding, ...], bool]:
    """Return the bindings of allow policies in the answer to ``call``, and whether all of them were parsed.

    A policy or binding that can't be parsed leaves a Gap.
    """
    listed = api.mapped(call, policies, _bindings, hides=hides, about=about)
    written = [binding for policy in listed for binding in policy]
    bindings = api.mapped(call, written, _binding, hides=hides, about=about)
    return bindings, bool(policies) and (len(listed), len(bindings)) == (len(policies), len(written))


def _bindings(policy: Item) -> Sequence[Item]:
    """Return the bindings of a policy. A policy without bindings has no field for them, but a tag."""
    if _POLICY.isdisjoint(policy) or policy.get("bindings", ()) is None:
        message = f"it is no allow policy, but has {', '.join(sorted(policy))[:60] or 'no field'}"
        raise AnswerError(message)
    return children(policy, "bindings")


def _binding(item: Item) -> Binding:
    members = texts(item, "members")
    if not members:
        message = "a binding has no members"
        raise AnswerError(message)
    return Binding(required(item, "role"), members, text(child(item, "condition"), "expression"))


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
