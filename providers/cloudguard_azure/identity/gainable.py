"""Identities of others that one of the cluster may gain: by a role on them, or on a machine that holds them.

Roles count at every scope at or above the identity or machine, and also through groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Final

from cloudguard.values import dataclass
from cloudguard_azure.access.api import Api
from cloudguard_azure.access.ids import canonical
from cloudguard_azure.identity.assignments import Assignment, assignments_to, read_assigned_to
from cloudguard_azure.identity.holders import Attachments, HeldIdentity
from cloudguard_azure.identity.resource_names import scope_patterns
from cloudguard_azure.identity.roles import Role, Roles

_OF_IDENTITIES: Final = (
    "microsoft.managedidentity/userassignedidentities/assign/action",
    "microsoft.managedidentity/userassignedidentities/federatedidentitycredentials/write",
)
_OF_MACHINES: Final = (
    "microsoft.compute/virtualmachines/runcommand/action",
    "microsoft.compute/virtualmachines/runcommands/write",
    "microsoft.compute/virtualmachines/extensions/write",
    "microsoft.compute/virtualmachinescalesets/write",
    "microsoft.compute/virtualmachinescalesets/extensions/write",
    "microsoft.compute/virtualmachinescalesets/virtualmachines/runcommand/action",
)
"""Operations that lead to an identity, or to the identities of a machine: the escalation paths of the catalog."""


@dataclass(frozen=True, eq=False, slots=True)
class Gainable:
    """Identities of others, and machines (by canonical id) with the identities that they hold."""

    identities: tuple[HeldIdentity, ...]
    machines: Attachments

    @property
    def every(self) -> tuple[HeldIdentity, ...]:
        """All identities, each once."""
        listed = (*self.identities, *(identity for held in self.machines.values() for identity in held))
        return tuple({identity.id: identity for identity in listed}.values())


@dataclass(frozen=True, eq=False, slots=True)
class Around:
    """Everything that may be gained: ``identities`` by canonical id, and ``machines`` with their identities.

    ``assigned``: the subscription's role assignments.
    """

    identities: Mapping[str, HeldIdentity]
    machines: Attachments
    assigned: Sequence[Assignment]


def gainable(api: Api, roles: Roles, held: Iterable[HeldIdentity], around: Around) -> Gainable:
    """Return what the ``held`` identities may gain, also through others."""
    identities, machines = dict[str, HeldIdentity](), dict[str, tuple[HeldIdentity, ...]]()
    seen, layer = {identity.id for identity in held}, [*held]
    while layer:
        following = list[HeldIdentity]()
        for on_identities, on_machines in _scopes(api, roles, layer, around):
            found = {place: each for place, each in around.identities.items() if _is_under(place, on_identities)}
            identities |= {place: each for place, each in found.items() if each.id not in seen}
            reached = {place: each for place, each in around.machines.items() if _is_under(place, on_machines)}
            machines |= reached
            following += [*found.values(), *(identity for each in reached.values() for identity in each)]
        layer = [identity for identity in {each.id: each for each in following}.values() if identity.id not in seen]
        seen |= {identity.id for identity in layer}
    return Gainable(tuple(identities.values()), machines)


def _scopes(
    api: Api, roles: Roles, layer: Sequence[HeldIdentity], around: Around
) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    """Yield the scopes at which each identity may act on identities, and on machines.

    Whoever may act on every identity of the subscription needs no particular one: such a scope is left out.
    """
    known = [identity for identity in layer if identity.principal]
    read = api.gather(*(partial(read_assigned_to, api, identity.principal) for identity in known))
    concerned = [
        assignments_to(identity.principal, assigned, around.assigned)
        for identity, assigned in zip(known, read, strict=True)
    ]
    roles.prefetch([assignment.role for listed in concerned for assignment in listed])
    for listed in concerned:
        granted = [(assignment.scope, roles.role(assignment.role)) for assignment in listed]
        yield (
            frozenset(
                canonical(scope) for scope, role in granted if _has(role, _OF_IDENTITIES) and not _is_wide(scope)
            ),
            frozenset(canonical(scope) for scope, role in granted if _has(role, _OF_MACHINES)),
        )


def _has(role: Role | None, operations: Iterable[str]) -> bool:
    """Whether a role may grant one of ``operations``. Its exceptions are left to the engine."""
    patterns = [action.lower() for permission in role.permissions for action in permission.actions] if role else []
    return any(fnmatchcase(operation, pattern) for operation in operations for pattern in _widened(patterns))


def _widened(patterns: Iterable[str]) -> Iterator[str]:
    """Yield patterns as Azure matches them: a part that is only ``*`` may be absent."""
    for pattern in patterns:
        yield pattern.replace("[", "[[]")
        yield pattern.replace("[", "[[]").replace("/*/", "/")


def _is_wide(scope: str) -> bool:
    """Whether a scope is the subscription, or above it."""
    return all(pattern.split(":")[2] == "*" for pattern in scope_patterns(scope))


def _is_under(place: str, scopes: Iterable[str]) -> bool:
    return any(_covers(scope, place) for scope in scopes)


def _covers(scope: str, place: str) -> bool:
    above = not scope or scope.startswith("/providers/microsoft.management/")
    return above or f"{place}/".startswith(f"{scope}/")
