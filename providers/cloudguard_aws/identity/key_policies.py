"""Permissions that resource policies grant to the cluster's identities, and the policies of etcd's keys.

https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Final

from cloudguard.model.identity import Effect, Identities, Identity, PolicyDocument, PolicyKind, Statement
from cloudguard.model.keys import Key, KeyManager
from cloudguard.model.source import Source
from cloudguard.provider.answers import text
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.arns import account_of
from cloudguard_aws.access.calls import Call
from cloudguard_aws.identity.policy_documents import HIDES, statements
from cloudguard_aws.storage.keys import policy_of

_SESSION: Final = re.compile(r"^(arn:[^:]*):sts::(\d+):assumed-role/([^/]+)/.+$")


def read_key_policies(api: Api, keys: Iterable[Key], account: str) -> Mapping[str, tuple[Statement, ...]]:
    """Return a dict of key → statements of its policy, for the customer's own keys.

    A key of another account grants nothing by itself, and its policy can't be read from this account: "Cross-account
    use: No" (KMS API reference, GetKeyPolicy). If this ``account`` is not known (""), all keys are read.
    """
    ours = {account, ""}
    customers = (key.id for key in keys if key.manager is KeyManager.CUSTOMER)
    readable = [key for key in customers if not account or account_of(key) in ours]
    return dict(zip(readable, api.gather(*(partial(_statements, api, key) for key in readable)), strict=True))


def with_resource_policies(
    api: Api, identities: Identities, call: Call, by_resource: Mapping[str, tuple[Statement, ...]]
) -> Identities:
    """Return the identities with the grants of resource policies that ``call`` read.

    ``by_resource``: dict of resource → statements of its policy. An identity's own trust policy grants it nothing.
    """
    changed, policies = list[Identity](), list(identities.policies)
    for identity in identities.identities:
        of_others = ((name, granted) for name, granted in by_resource.items() if name != identity.id)
        mine = [_policy(api.source(call, name), identity, granted) for name, granted in of_others]
        added = [policy for policy in mine if policy is not None]
        policies += added
        changed.append(replace(identity, policies=(*identity.policies, *(policy.id for policy in added))))
    return replace(
        identities, identities=tuple(changed), policies=tuple(sorted(policies, key=lambda policy: policy.id))
    )


def _statements(api: Api, key: str) -> tuple[Statement, ...]:
    """Return the statements of a key's policy. In this policy, the resource "*" is the key itself."""
    arns = api.listed(calls.DESCRIBE_KEY, lambda item: text(item, "Arn"), hides=HIDES, about=key, KeyId=key)
    name = next(iter(arns), "") or key  # an alias has no policy
    call = calls.GET_KEY_POLICY
    items = api.read(call, hides=HIDES, about=key, **policy_of(name))
    read = api.mapped(call, items, lambda item: statements(text(item, "Policy")), hides=HIDES, about=key)
    return tuple(
        replace(statement, resources=(name,), not_resources=()) for statements in read for statement in statements
    )


def _policy(source: Source, identity: Identity, granted: tuple[Statement, ...]) -> PolicyDocument | None:
    """Return the statements of a resource's policy that name an identity, as a policy. None: no statement does."""
    mine = tuple(statement for statement in granted if names(statement, identity.id))
    if not mine:
        return None
    resource = source.resource
    return PolicyDocument(
        f"{resource}#{identity.id}", f"policy of {resource}", PolicyKind.RESOURCE, "user", "", mine, source
    )


def names(statement: Statement, role: str) -> bool:
    """Whether a statement of a resource policy applies to a role: by its ARN, by a session of it, or to everyone.

    A grant to the account only refers to the account's own policies, so it grants nothing itself. A denial of the
    account applies to all of its roles. An exception of the account from a denial excepts none of its roles (IAM user
    guide, AWS JSON policy elements: Principal, NotPrincipal).
    """
    if statement.not_principals:
        return not any(_includes_role(principal, role, account=False) for principal in statement.not_principals)
    return any(
        _includes_role(principal, role, account=statement.effect is Effect.DENY) for principal in statement.principals
    )


def _includes_role(principal: str, role: str, *, account: bool) -> bool:
    principal_arn = principal.removeprefix("AWS:")
    if account and principal_arn in {account_of(role), f"{role.rpartition(':')[0]}:root"}:
        return True
    session = _SESSION.match(principal_arn)
    if session:
        # A session's ARN does not have the path of its role.
        return role.startswith(f"{session[1]}:iam::{session[2]}:role/") and role.endswith(f"/{session[3]}")
    return principal_arn in {"*", role}
