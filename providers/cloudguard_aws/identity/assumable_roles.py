"""Roles of the account that are not the cluster's, and that its roles may assume: directly, or through one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Final

from cloudguard.model.identity import Effect, Identities, Identity, PolicyDocument, PolicyKind, Statement
from cloudguard.model.source import FactKind
from cloudguard.provider.answers import required
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import LIST_ROLES
from cloudguard_aws.identity.key_policies import names
from cloudguard_aws.identity.roles import read_identity
from cloudguard_aws.identity.trusting_roles import ALL_AT_ONCE

_ASSUME: Final = "sts:assumerole"
_DEEPEST: Final = 3
"""The number of roles in a chain that are followed."""
_MOST: Final = 20
"""The number of roles that are read."""
_HIDES: Final = (FactKind.IDENTITIES,)
_Policies = Mapping[str, PolicyDocument]


def with_assumable_roles(api: Api, identities: Identities) -> Identities:
    """Return the identities with the other roles that their statements name in full, and who may assume each.

    A statement for all roles is a finding of its own. Both sides must allow it, or the role's trust policy names the
    other role: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_permissions-to-switch.html
    """
    policies = {policy.id: policy for policy in identities.policies}
    known, others = {identity.id for identity in identities.identities}, dict[str, Identity]()
    holders = identities.identities
    for _ in range(_DEEPEST):
        named = {name for holder in holders for name in _named(holder, policies)} - known - others.keys()
        existing = sorted(named & _existing(api))[: _MOST - len(others)] if named else []
        pairs = api.gather(*(partial(read_identity, api, arn, ()) for arn in existing))
        holders = tuple(identity for identity, _ in pairs)
        others |= {identity.id: identity for identity in holders}
        policies |= {policy.id: policy for _, documents in pairs for policy in documents}
    everyone = (*known, *others)
    return replace(
        identities,
        policies=tuple(policy for _, policy in sorted(policies.items())),
        others=tuple(other for _, other in sorted(others.items())),
        admitted=tuple(
            (holder, name)
            for name, other in sorted(others.items())
            for holder in sorted(everyone)
            if holder != name and _admits(other, holder, policies)
        ),
    )


def _named(holder: Identity, policies: _Policies) -> Iterator[str]:
    """Yield the ARNs of roles that a role's statements let it assume, if they name them in full."""
    for policy in (policies[name] for name in holder.policies if name in policies):
        if policy.kind in {PolicyKind.GRANT, PolicyKind.RESOURCE}:
            for statement in policy.statements:
                if statement.effect is Effect.ALLOW and _assumes(statement):
                    yield from (name for name in statement.resources if not {"*", "?"} & {*name})


def _assumes(statement: Statement) -> bool:
    return any(fnmatchcase(_ASSUME, action.lower()) for action in statement.actions)


def _existing(api: Api) -> set[str]:
    listed = api.read(LIST_ROLES, hides=_HIDES, **ALL_AT_ONCE)
    return {*api.mapped(LIST_ROLES, listed, lambda role: required(role, "Arn"), hides=_HIDES)}


def _admits(role: Identity, holder: str, policies: _Policies) -> bool:
    """Whether a role's trust policy certainly lets ``holder`` assume it: a statement without a condition allows it."""
    trusts = (policies[name] for name in role.policies if name in policies and policies[name].kind is PolicyKind.TRUST)
    statements = (
        statement
        for policy in trusts
        for statement in policy.statements
        if _assumes(statement) or not statement.actions
    )
    mine = [statement for statement in statements if _concerns(statement, holder)]
    allows = any(statement.actions and not (statement.conditions or statement.not_principals) for statement in mine)
    return allows and all(statement.effect is Effect.ALLOW for statement in mine)


def _concerns(statement: Statement, role: str) -> bool:
    """Whether a statement of a trust policy is about a role: by name, or as one of its account's identities."""
    return names(replace(statement, effect=Effect.DENY), role)
