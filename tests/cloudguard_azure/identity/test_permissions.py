"""Role and deny assignments agree with a naive evaluation of the same documents, request by request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

import pytest

from cloudguard.authorization.effective import effective, space_of
from cloudguard.model.identity import Identity, PolicyDocument
from cloudguard.model.source import Source
from cloudguard.permission_sets.space import Request
from cloudguard_azure.iam_catalog.catalog import OperationCatalog
from cloudguard_azure.identity.assignments import Assignment, Denial, denied, granted
from cloudguard_azure.identity.permissions import Permission
from cloudguard_azure.identity.resource_names import CONTROL, DATA, actions_of, resource
from cloudguard_azure.identity.roles import Role

SUBSCRIPTIONS = ("/subscriptions/1", "/subscriptions/2")
GROUPS = tuple(f"{one}/resourceGroups/{group}" for one in SUBSCRIPTIONS for group in ("Nodes", "Nodes2", "net"))
SCOPES = (
    *("/", "/providers/Microsoft.Management/managementGroups/all", *SUBSCRIPTIONS, *GROUPS),
    *(f"{group}/providers/Microsoft.Compute/virtualMachines/{name}" for group in GROUPS for name in ("vm", "vm2")),
    *(f"{group}/providers/Microsoft.Network/virtualNetworks/v/subnets/{name}" for group in GROUPS for name in "ab"),
    *(f"{group}/providers/Microsoft.Network/virtualNetworks/v" for group in GROUPS),
)
TYPES = {
    "Microsoft.Compute/virtualMachines": ("read", "write", "runCommand/action", "login/action"),
    "Microsoft.Compute/virtualMachines/extensions": ("read", "write"),
    "Microsoft.Network/virtualNetworks": ("read", "write"),
    "Microsoft.Network/virtualNetworks/subnets": ("read", "join/action"),
    "Microsoft.Storage/storageAccounts/blobServices/containers": ("read", "delete"),
}
BOTH = {f"{kind}/{verb}" for kind, verbs in TYPES.items() for verb in verbs}
PATTERNS = (
    *("*", "*/read", "*/write", "*/action", "Microsoft.Compute/*", "microsoft.compute/*/read", "Microsoft.Network/*"),
    *("Microsoft.*/write", "Microsoft.Network/virtualNetworks/*/join/action", "Microsoft.Compute/virtualMachines/*"),
    *("Microsoft.Network/virtualnetworks/*/action", "*/subnets/*", "*/Delete", *sorted(BOTH)),
)
PLANES: Final = (CONTROL, DATA)
ME, OTHER, GROUP, EVERYONE = "me", "other", "group", "00000000-0000-0000-0000-000000000000"
WORLDS, POINTS = 100, 120
WIDE = 10
"""The number of scopes that contain the other scopes."""


@dataclass(frozen=True)
class World:
    """The roles assigned to one principal, and the deny assignments."""

    assigned: Sequence[tuple[str, Sequence[Permission]]]
    denials: Sequence[Denial]


def drawn_permission(random: Random) -> Permission:
    def some(least: int, most: int) -> tuple[str, ...]:
        return tuple(random.sample(PATTERNS, random.randint(least, most)))

    return Permission(some(1, 6), some(0, 2), some(1, 6), some(0, 2))


def drawn_scope(random: Random) -> str:
    return random.choice(random.choice((SCOPES[:WIDE], SCOPES)))


def drawn_world(random: Random) -> World:
    assigned = [
        (drawn_scope(random), [drawn_permission(random) for _ in range(random.randint(1, 2))])
        for _ in range(random.randint(1, 3))
    ]
    whom = ((ME, "serviceprincipal"), (OTHER, "serviceprincipal"), (EVERYONE, "systemdefined"), (GROUP, "group"))
    denials = [
        Denial(
            f"/denial{number}",
            "denial",
            drawn_scope(random),
            tuple(random.sample(whom, random.randint(1, 2))),
            tuple(random.sample(whom, random.choice((0, 0, 1)))),
            (drawn_permission(random),),
            "",
            here_only=False,
        )
        for number in range(random.choice((0, 0, 1, 2)))
    ]
    return World(assigned, denials)


def matches(pattern: str, operation: str) -> bool:
    """``*`` is any text, and "/*/" also one slash."""
    parts = [re.escape(part) for part in pattern.lower().split("/*/")]
    expression = "/(?:.*/)?".join(part.replace(r"\*", ".*") for part in parts)
    return re.fullmatch(expression, operation.lower()) is not None


def permits(permissions: Iterable[Permission], operation: str, plane: str) -> bool:
    def one(permission: Permission) -> bool:
        listed = (permission.actions, permission.not_actions)
        actions, excepted = listed if plane == CONTROL else (permission.data_actions, permission.not_data_actions)
        named = any(matches(pattern, operation) for pattern in actions)
        return named and not any(matches(pattern, operation) for pattern in excepted)

    return any(map(one, permissions))


def covers(scope: str, place: str) -> bool:
    scope, place = scope.lower().rstrip("/"), place.lower()
    return not scope or "/managementgroups/" in scope or place == scope or place.startswith(f"{scope}/")


def naively(world: World, operation: str, place: str, plane: str) -> bool:
    """Evaluate as Azure documents: denied by any deny assignment, otherwise granted by any role assignment."""
    for denial in world.denials:
        meant, spared = (
            {ME, GROUP, EVERYONE} & {who for who, _ in listed} for listed in (denial.denied, denial.spared)
        )
        if meant and not spared and covers(denial.scope, place) and permits(denial.permissions, operation, plane):
            return False
    return any(covers(scope, place) and permits(granteds, operation, plane) for scope, granteds in world.assigned)


def documents(world: World) -> list[PolicyDocument]:
    policies = [
        granted(
            Assignment(f"/assignment{number}", f"/role{number}", scope, ME, "serviceprincipal", "", "call"),
            Role(f"role {number}", built_in=False, permissions=tuple(granteds)),
        )
        for number, (scope, granteds) in enumerate(world.assigned)
    ]
    return policies + [policy for denial in world.denials if (policy := denied(denial, ME, {GROUP})) is not None]


def drawn_place(random: Random, kind: str) -> str:
    """Return the id of a resource of this type, often at or below an interesting scope."""
    provider, *kinds = kind.split("/")
    names = [random.choice(("vm", "vm2", "v", "a", "b", "new")) for _ in kinds]
    path = "/".join(f"{one}/{name}" for one, name in zip(kinds, names, strict=True))
    return f"{random.choice(GROUPS)}/providers/{provider}/{path}"


@pytest.mark.mistake("document-misread")
@pytest.mark.parametrize("seed", range(10))
def test_permission_sets_agree_with_the_naive_evaluation_of_every_request(seed: int) -> None:
    random = Random(seed)
    catalog = OperationCatalog(
        (action, plane) for one in sorted(BOTH) for action in actions_of(one) for plane in PLANES
    )
    points = allowed = 0
    for _ in range(WORLDS // 10):
        world = drawn_world(random)
        policies = {policy.id: policy for policy in documents(world)}
        statements = [statement for policy in policies.values() for statement in policy.statements]
        actions = [action for one in sorted(BOTH) for action in actions_of(one)]
        identity = Identity(
            "azure:1:nodes:microsoft.managedidentity:identities:x", "x", (), tuple(policies), Source("call")
        )
        requests = effective(space_of(catalog, statements, actions), identity, policies, {}).permissions
        for _ in range(POINTS):
            kind = random.choice([*TYPES])
            operation, plane = f"{kind}/{random.choice(TYPES[kind])}", random.choice(PLANES)
            place = drawn_place(random, kind)
            wanted = naively(world, operation, place, plane)
            name = resource(place).replace(CONTROL, plane, 1)
            (action,) = actions_of(operation)
            assert requests.has(Request(action, name)) is wanted, (operation, place, plane, json.dumps(str(world)))
            points, allowed = points + 1, allowed + wanted
    assert points == WORLDS * POINTS // 10
    assert points // 40 < allowed < points * 39 // 40
