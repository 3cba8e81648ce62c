"""Who may act as a service account, read from the members of bindings.

https://cloud.google.com/iam/docs/principal-identifiers
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from cloudguard.model.iam_catalog import Caller, CallerKind
from cloudguard.model.identity import Condition, Effect, PolicyDocument
from cloudguard_gcp.identity.kubernetes_accounts import ANY, service_accounts_of
from cloudguard_gcp.identity.resource_names import project_of

_MEMBER: Final = "caller:member"
"""A key of our own: the member that makes a request."""
_EVERYONE: Final = frozenset({"allUsers", "allAuthenticatedUsers"})
_STRANGER: Final = "user:somebody@example.com"
_POD: Final = re.compile(r"^serviceAccount:([^\[\]]+)\.svc\.id\.goog\[([^/\]]+)/([^\]]+)\]$")
_POOL: Final = re.compile(
    r"^principal(Set)?://iam\.googleapis\.com/.*/(workloadIdentityPools|workforcePools)/([^/]+)/(.+)$"
)


class Members:
    """Reads members as bindings have them ("serviceAccount:…", "principalSet://…", "allUsers"), for one project."""

    known_context: Mapping[str, str] = {}

    def __init__(self, project: str) -> None:
        self._project = project

    def requests_of(self, principal: str, *, excepted: bool) -> tuple[tuple[Condition, ...], ...]:
        """Return what holds for requests of a member."""
        del excepted
        return ((),) if principal in _EVERYONE else self.declared(principal)

    def declared(self, outsider: str) -> tuple[tuple[Condition, ...], ...]:
        """Return what holds for requests of a member that the user declares."""
        return ((Condition("StringEquals", _MEMBER, (outsider,)),),)

    def callers(self, policy: PolicyDocument) -> Iterator[Caller]:
        """Yield everyone, and each outsider that the bindings name."""
        allowing = [one for one in policy.statements if one.effect is Effect.ALLOW]
        actions = tuple(sorted({action for one in allowing for action in one.actions}))
        named = dict.fromkeys(member for one in allowing for member in one.principals)
        if _EVERYONE & named.keys():
            yield _caller(CallerKind.ANYONE, "anyone in any account", actions, _STRANGER, ())
        for member in named:
            accounts = service_accounts_of(member, f"{self._project}.svc.id.goog")
            found = None if accounts or member in _EVERYONE else self._outsider(member)
            if accounts.endswith("*"):
                who = f"any Kubernetes service account {'of the project' if accounts == ANY else f'in {accounts[:-2]}'}"
                yield _caller(CallerKind.PODS, who, actions, member, () if accounts == ANY else None)
            elif found:
                yield _caller(CallerKind.OUTSIDER, found[0], actions, member, found[1])

    def _outsider(self, member: str) -> tuple[str, tuple[Condition, ...] | None] | None:
        """Return who an outsider is, and whether the member is more than one of its subjects; None for the own."""
        if pod := _POD.match(member):
            return f"{pod[2]}:{pod[3]} of {pod[1]}", ()
        if pool := _POOL.match(member):
            rest = pool[4]
            whole = rest == "*" or (pool[1] and rest.startswith("attribute.") and rest.endswith("/*"))
            return (f"any subject of {pool[3]}", ()) if whole else (f"{rest} of {pool[3]}", None)
        kind, _, who = member.partition(":")
        if kind == "domain":
            return f"any subject of {who}", ()
        project = project_of(who) if kind == "serviceAccount" else ""
        own = not project or project == self._project or project.startswith("gcp-sa-")
        return None if own else (f"{who} of project {project}", ())


def _caller(
    kind: CallerKind, who: str, actions: tuple[str, ...], member: str, ordinary: tuple[Condition, ...] | None
) -> Caller:
    return Caller(kind, who, actions, (Condition("StringEquals", _MEMBER, (member,)),), (), ordinary, member)
