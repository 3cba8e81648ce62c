"""Roles of the account that are not the cluster's: those that its roles may assume, or that let its roles assume them.

A trust policy that names a role of the same account grants by itself, without a policy of that role
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, Final

from cloudguard.model.identity import Effect, Identities, Identity, PolicyDocument, PolicyKind, Statement
from cloudguard.provider.answers import Item, required
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.calls import LIST_ROLES
from cloudguard_aws.identity.policy_documents import HIDES, text_of, trust_policy
from cloudguard_aws.identity.resource_policies import with_resource_policies
from cloudguard_aws.identity.roles import read_identity

ALL_AT_ONCE: Final[Mapping[str, Any]] = {"MaxItems": 1000}
_EVERYONE: Final = '"*"'
_GIVING: Final = ("sts:assumerole", "iam:passrole")
_DEEPEST: Final = 3
"""The number of roles in a chain that are followed."""
_MOST: Final = 20
"""The number of roles that are read."""
_ROLE: Final = ":role/"
_Policies = Mapping[str, PolicyDocument]


def with_trusting_roles(api: Api, identities: Identities) -> Identities:
    """Return the identities with the grants of trust policies of the account's other roles."""
    names = {
        identity.id.rpartition("/")[2]: identity.id for identity in identities.identities if ":role/" in identity.id
    }
    if not names:
        return identities
    roles = api.listed(LIST_ROLES, partial(_trust, api, names), hides=HIDES, **ALL_AT_ONCE)
    return with_resource_policies(api, identities, LIST_ROLES, dict(roles))


def _trust(api: Api, names: Mapping[str, str], role: Item) -> tuple[str, tuple[Statement, ...]]:
    """Return a role and the statements of its trust policy, if they may name one of the cluster's roles.

    ``names``: dict of name → ARN of these roles. One of them that trusts everyone is a finding of its own, which is not
    repeated for the others.
    """
    arn, document = required(role, "Arn"), role.get("AssumeRolePolicyDocument")
    text = text_of(document)
    for_everyone = _EVERYONE in text and arn not in names.values()
    if not for_everyone and not any(name in text for name in names):
        return arn, ()
    source = api.source(LIST_ROLES, required(role, "RoleName"))
    read = trust_policy(arn, document, source).statements
    return arn, tuple(replace(statement, resources=(arn,), not_resources=()) for statement in read)


def with_assumable_roles(api: Api, identities: Identities) -> Identities:
    """Return the identities with the other roles that their statements name, directly or through one another.

    A statement for all roles is a finding of its own.
    """
    policies = {policy.id: policy for policy in identities.policies}
    known, others = {identity.id for identity in identities.identities}, dict[str, Identity]()
    holders = identities.identities
    arn_of = partial(required, key="Arn")
    for _ in range(_DEEPEST):
        named = {name for holder in holders for name in _named(holder, policies)} - known - others.keys()
        roles = api.listed(LIST_ROLES, arn_of, hides=HIDES, **ALL_AT_ONCE) if named else ()
        new = {*roles} - known - others.keys()
        found = sorted(role for role in new if any(fnmatchcase(role, name) for name in named))
        pairs = api.gather(*(partial(read_identity, api, arn, ()) for arn in found[: _MOST - len(others)]))
        holders = tuple(identity for identity, _ in pairs)
        others |= {identity.id: identity for identity in holders}
        policies |= {policy.id: policy for _, documents in pairs for policy in documents}
    return replace(
        identities,
        policies=tuple(policy for _, policy in sorted(policies.items())),
        others=tuple(other for _, other in sorted(others.items())),
    )


def _named(holder: Identity, policies: _Policies) -> Iterator[str]:
    """Yield the ARNs and patterns by which a role's statements name the roles that it may assume or pass.

    Patterns without the beginning of a name are left out: they stand for all roles, or for those of any cluster.
    """
    for policy in (policies[name] for name in holder.policies if name in policies):
        if policy.kind in {PolicyKind.GRANT, PolicyKind.RESOURCE}:
            for statement in policy.statements:
                if statement.effect is Effect.ALLOW and _gives(statement):
                    yield from (name for name in statement.resources if _is_named(name))


def _gives(statement: Statement) -> bool:
    return any(fnmatchcase(given, action.lower()) for action in statement.actions for given in _GIVING)


def _is_named(resource: str) -> bool:
    name = resource.partition(_ROLE)[2]
    return bool(name) and name[0] not in "*?$"
