"""Names of scopes, resources and operations; a scope covers exactly the resources below it."""

from __future__ import annotations

import pytest

from cloudguard.permission_sets.globs import wild
from cloudguard.permission_sets.resource_names import resource_pattern
from cloudguard.provider.answers import AnswerError
from cloudguard_azure.identity.conditions import narrowed_operations
from cloudguard_azure.identity.resource_names import (
    CONTROL,
    DATA,
    actions_of,
    arm_scope,
    operation,
    resource,
    resource_formats,
    scope_patterns,
)

GROUP = "/subscriptions/S/resourceGroups/G"
VNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/Net"


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("*", ("*",)),
        ("*/read", ("*:*/read", "*:read")),
        ("Microsoft.Compute/*", ("Microsoft.Compute:*",)),
        ("Microsoft.*", ("Microsoft.*:*",)),
        ("Microsoft.Compute/disks/read", ("Microsoft.Compute:disks/read",)),
        ("Microsoft.A/b/*/c/action", ("Microsoft.A:b/*/c/action", "Microsoft.A:b/c/action")),
        ("nothing", ()),
    ],
)
def test_operation_patterns_are_split_at_every_possible_end_of_the_provider(
    pattern: str, wanted: tuple[str, ...]
) -> None:
    assert actions_of(pattern) == wanted


def test_an_action_is_converted_back_to_an_operation() -> None:
    assert operation("Microsoft.Compute:disks/read") == "Microsoft.Compute/disks/read"


def covers(scope: str, place: str) -> bool:
    return any(
        resource(place) in names
        for scope_pattern in scope_patterns(scope)
        for names in resource_pattern(wild(scope_pattern))
    )


@pytest.mark.parametrize(
    ("scope", "place", "covered"),
    [
        ("/", VNET, True),
        ("/providers/Microsoft.Management/managementGroups/m", VNET, True),
        ("/subscriptions/s", VNET, True),
        ("/subscriptions/s2", VNET, False),
        ("/SUBSCRIPTIONS/S/RESOURCEGROUPS/g/", VNET, True),
        (f"{GROUP}2", VNET, False),
        (VNET, VNET, True),
        (VNET, f"{VNET}/subnets/a", True),
        (VNET, f"{VNET}/subnets/a/providers/Microsoft.Authorization/roleAssignments/x", True),
        (f"{VNET}/subnets/a", VNET, False),
        (f"{VNET}/subnets/a", f"{VNET}/subnets/ab", False),
        (VNET, f"{VNET}2", False),
    ],
)
def test_a_scope_covers_the_resources_below_it(scope: str, place: str, covered: bool) -> None:  # noqa: FBT001 - a case
    assert covers(scope, place) is covered


@pytest.mark.parametrize("scope", ["/subscriptions", "/elsewhere/x", f"{GROUP}/*", f"{GROUP}/x", "/subscriptions/a?b"])
def test_a_scope_that_is_not_understood_is_refused(scope: str) -> None:
    with pytest.raises(AnswerError):
        scope_patterns(scope)


@pytest.mark.parametrize("scope", ["/subscriptions/s", GROUP.lower(), VNET.lower(), f"{VNET}/subnets/a".lower()])
def test_a_scope_s_pattern_is_converted_back_to_the_scope(scope: str) -> None:
    for plane in (CONTROL, DATA):
        first, *_ = scope_patterns(scope, plane)
        assert arm_scope(first).lower() == scope


def test_only_scopes_can_be_written() -> None:
    for pattern in (
        "azure:*:*:*:*:*",
        "azure:s:*:microsoft.network:virtualnetworks:*",
        "azure:s:g:p:a/b:c",
        "gcp:s:g:*:*:*",
    ):
        with pytest.raises(ValueError, match=r"is not a scope|shorter"):
            arm_scope(pattern)


def test_operations_of_regular_providers_apply_to_their_own_types() -> None:
    assert resource_formats("Microsoft.Network:virtualNetworks/subnets/join/action", (CONTROL,)) == (
        "azure:*:*:microsoft.network:virtualnetworks/subnets:**",
    )
    assert resource_formats("Microsoft.Authorization:roleAssignments/write", (CONTROL,)) == ("azure:*:**:*:*:**",)
    assert resource_formats("Microsoft.Compute:register/action", (CONTROL,)) == ("azure:*::microsoft.compute::**",)


OTHER = "(@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'a) OR (b')"

LISTED = "(!(ActionMatches{'A/x/read'} AND NOT SubOperationMatches{'Blob.List'}))"
ADDED = "!(ActionMatches{'A/x/add/action'})"


@pytest.mark.parametrize(
    ("condition", "wanted"),
    [
        (f"((!(ActionMatches{{'A/x/read'}})) OR {OTHER})", ("A/x/read",)),
        (
            f"({LISTED} OR {OTHER}) AND ((!(ActionMatches{{'A/x/write'}}) AND {ADDED}) OR {OTHER})",
            ("A/x/read", "A/x/write", "A/x/add/action"),
        ),
        (OTHER, None),
        (f"(!(ActionMatches{{'A/x/read'}})) AND {OTHER}", None),
        (f"(ActionMatches{{'A/x/read'}}) OR {OTHER}", None),
        ("", None),
        ("((((", None),
        (f"(!(ActionMatches{{'A/x/read'}})) OR (@Request[a] StringEquals 'a\\') OR '{OTHER}'", None),
    ],
)
def test_the_operations_of_a_condition_are_read_or_are_unknown(condition: str, wanted: tuple[str, ...] | None) -> None:
    assert narrowed_operations(condition) == wanted
