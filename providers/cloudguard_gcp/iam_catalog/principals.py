"""The callers that may act as a service account, from the members of bindings.

https://cloud.google.com/iam/docs/principal-identifiers
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from cloudguard.model.iam_catalog import Caller, CallerKind
from cloudguard.model.identity import Condition, Effect, PolicyDocument
from cloudguard.provider.iam.named_principals import CALLER, NamedPrincipals, named_caller
from cloudguard_gcp.access.resource_names import is_consumers, is_googles, owner_of
from cloudguard_gcp.identity.bindings import EVERYONE
from cloudguard_gcp.identity.kubernetes_accounts import ANY, IdentityPools, service_accounts_of

_UNNAMED_USER: Final = "user:somebody@example.com"
_POD: Final = re.compile(r"^serviceAccount:([^\[\]]+)\.svc\.id\.goog\[([^/\]]+)/([^\]]+)\]$")
_POOL: Final = re.compile(
    r"^principal(Set)?://iam\.googleapis\.com/.*/(workloadIdentityPools|workforcePools)/([^/]+)/(.+)$"
)
_ACCOUNT: Final = re.compile(
    r"^(?:serviceAccount:|principal://iam\.googleapis\.com/projects/[^/]+/serviceAccounts/)([^\[\]]+)$"
)
_PROJECT: Final = re.compile(
    r"^(?:principalSet://cloudresourcemanager\.googleapis\.com/projects/|project(?:Owner|Editor|Viewer):)([^/]+)"
)
_ABOVE: Final = re.compile(
    r"^principalSet://(?:cloudresourcemanager\.googleapis\.com/((?:folders|organizations)/[^/]+)/"
    r"|goog/(cloudIdentityCustomerId/[^/]+)$)"
)
_OWN: Final = re.compile(r"^(?:user:|group:|deleted:|principal://goog/subject/|principalSet://goog/group/)")
"""Members that are assumed to belong to the organization, and deleted members."""


class Members(NamedPrincipals):
    """Reads members of bindings ("serviceAccount:…", "principalSet://…", "allUsers"), for one project.

    ``names``: the project's other names, such as its number. ``known_context``: the context of all requests today.
    ``organization``: the project's organization ("organizations/2", "": none or unknown), to which private Google
    Accounts do not belong. ``pools``: the identity pools of the cluster's service accounts.
    """

    everyone = EVERYONE

    def __init__(
        self,
        project: str,
        names: Iterable[str] = (),
        known_context: Mapping[str, str] | None = None,
        *,
        organization: str = "",
        pools: Iterable[str] = (),
    ) -> None:
        super().__init__(known_context)
        self._names = frozenset((project, *names))
        self._organization = organization
        self._pools = IdentityPools(frozenset({f"{project}.svc.id.goog", *pools}))

    def callers(self, policy: PolicyDocument) -> Iterator[Caller]:
        """Yield everyone, and each outsider that the bindings name."""
        allowing = [statement for statement in policy.statements if statement.effect is Effect.ALLOW]
        actions = tuple(sorted({action for statement in allowing for action in statement.actions}))
        named = dict.fromkeys(member for statement in allowing for member in statement.principals)
        if EVERYONE & named.keys():
            yield named_caller(CallerKind.ANYONE, "anyone in any account", actions, _UNNAMED_USER, ())
        for member in named:
            accounts = service_accounts_of(member, self._pools)
            if accounts.endswith("*"):
                who = f"any Kubernetes service account {'of the project' if accounts == ANY else f'in {accounts[:-2]}'}"
                yield named_caller(CallerKind.PODS, who, actions, member, () if accounts == ANY else None)
            elif self._organization and is_consumers(member):
                yield named_caller(CallerKind.OUTSIDER, member.rpartition("/")[2], actions, member, ())
            elif not accounts and member not in EVERYONE and not _OWN.match(member):
                yield from self._outsiders(member, actions)

    def _outsiders(self, member: str, actions: tuple[str, ...]) -> Iterator[Caller]:
        """Yield the outsider that a member stands for; none if it is the project's own."""
        if subjects := _subjects(member):
            yield named_caller(CallerKind.OUTSIDER, subjects[0], actions, member, subjects[1])
        elif account := _ACCOUNT.match(member):
            owner = owner_of(account[1])
            if owner or not is_googles(account[1]):
                yield from self._of_project(owner, f"{account[1]} of project {owner or 'unknown'}", actions, member)
        elif among := _PROJECT.match(member):
            yield from self._of_project(among[1], f"any account of project {among[1]}", actions, member)
        elif above := _ABOVE.match(member):
            place = above[1] or above[2]
            elsewhere = self._organization and place.startswith("organizations/") and place != self._organization
            kind = CallerKind.OUTSIDER if elsewhere else CallerKind.ORGANIZATION
            who = f"any account of {place}" + ("" if elsewhere else ", which may be its own")
            yield named_caller(kind, who, actions, member, ())
        else:
            yield _undecided(member, actions, member)

    def _of_project(self, owner: str, who: str, actions: tuple[str, ...], member: str) -> Iterator[Caller]:
        """Yield an outsider of a project, by the project's id or number."""
        if owner.isdigit() and not any(name.isdigit() for name in self._names):
            yield _undecided(who, actions, member)
        elif owner not in self._names:
            yield named_caller(CallerKind.OUTSIDER, who, actions, member, ())


def _subjects(member: str) -> tuple[str, tuple[Condition, ...] | None] | None:
    """Return the name of the subjects that a member stands for; None if it stands for none.

    The second value is () if the member stands for all subjects, else None.
    """
    if pod := _POD.match(member):
        return f"{pod[2]}:{pod[3]} of {pod[1]}", ()
    if pool := _POOL.match(member):
        rest = pool[4]
        everyone = rest == "*" or (pool[1] and rest.startswith("attribute.") and rest.endswith("/*"))
        return (f"any subject of {pool[3]}", ()) if everyone else (f"{rest} of {pool[3]}", None)
    kind, _, name = member.partition(":")
    return (f"any subject of {name}", ()) if kind == "domain" else None


def _undecided(who: str, actions: tuple[str, ...], member: str) -> Caller:
    unknown = (Condition("is not understood", CALLER, (member,)),)
    return replace(named_caller(CallerKind.OUTSIDER, who, actions, member, ()), certain=unknown)
