"""What policies of resources let the cluster's identities do, and what the policies of etcd's keys say.

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
from cloudguard.model.source import FactKind, Source
from cloudguard.provider.answers import text
from cloudguard_aws.access import calls
from cloudguard_aws.access.api import Api
from cloudguard_aws.access.arns import account_of
from cloudguard_aws.access.calls import Call
from cloudguard_aws.identity.policy_documents import statements
from cloudguard_aws.storage.keys import policy_of

_HIDES: Final = (FactKind.IDENTITIES,)
_SESSION: Final = re.compile(r"^(arn:[^:]*):sts::(\d+):assumed-role/([^/]+)/.+$")


def read_key_policies(api: Api, keys: Iterable[Key], account: str) -> Mapping[str, tuple[Statement, ...]]:
    """Return what the policies of the customer's own keys say, by key.

    A key of another account grants nothing by itself, and its policy can't be read from here: "Cross-account use: No"
    (KMS API reference, GetKeyPolicy). Where it is not known which ``account`` this is (""), every key is asked.
    """
    ours = {account, ""}
    customers = (key.id for key in keys if key.manager is KeyManager.CUSTOMER)
    own = [key for key in customers if not account or account_of(key) in ours]
    return dict(zip(own, api.gather(*(partial(_statements, api, key) for key in own)), strict=True))


def with_resource_policies(
    api: Api, identities: Identities, call: Call, by_resource: Mapping[str, tuple[Statement, ...]]
) -> Identities:
    """Return the identities with what the policies of resources, which ``call`` read, grant each of them."""
    held, policies = list[Identity](), list(identities.policies)
    for identity in identities.identities:
        mine = [_policy(api.source(call, name), identity, found) for name, found in by_resource.items()]
        added = [policy for policy in mine if policy is not None]
        policies += added
        held.append(replace(identity, policies=(*identity.policies, *(policy.id for policy in added))))
    return replace(identities, identities=tuple(held), policies=tuple(sorted(policies, key=lambda one: one.id)))


def _statements(api: Api, key: str) -> tuple[Statement, ...]:
    """Return what a key's policy says of the key: "*" there is the key itself."""
    known = api.read(calls.DESCRIBE_KEY, hides=_HIDES, about=key, KeyId=key)  # asked before; an alias has no policy
    arns = api.mapped(calls.DESCRIBE_KEY, known, lambda one: text(one, "Arn"), hides=_HIDES)
    name, call = next(iter(arns), "") or key, calls.GET_KEY_POLICY
    items = api.read(call, hides=_HIDES, about=key, **policy_of(name))
    read = api.mapped(call, items, lambda one: statements(text(one, "Policy")), hides=_HIDES, about=key)
    return tuple(replace(one, resources=(name,), not_resources=()) for found in read for one in found)


def _policy(source: Source, identity: Identity, found: tuple[Statement, ...]) -> PolicyDocument | None:
    """Return the part of a resource's policy that names an identity."""
    mine = tuple(one for one in found if names(one, identity.id))
    if not mine:
        return None
    resource = source.resource
    return PolicyDocument(
        f"{resource}#{identity.id}", f"policy of {resource}", PolicyKind.RESOURCE, "user", "", mine, source
    )


def names(statement: Statement, role: str) -> bool:
    """Whether a resource's statement is about a role: by its ARN, a session of it, or everyone.

    The account stands for what its own policies grant, and grants nothing itself; what is denied to it is denied to
    every role in it. To except the account from a denial excepts none of its roles (IAM user guide, AWS JSON policy
    elements: Principal, NotPrincipal).
    """
    if statement.not_principals:
        return not any(_is(principal, role, account=False) for principal in statement.not_principals)
    return any(_is(principal, role, account=statement.effect is Effect.DENY) for principal in statement.principals)


def _is(principal: str, role: str, *, account: bool) -> bool:
    who = principal.removeprefix("AWS:")
    if account and who in {account_of(role), f"{role.rpartition(':')[0]}:root"}:
        return True
    session = _SESSION.match(who)
    if session:
        # A session's ARN does not have the path of its role.
        return role.startswith(f"{session[1]}:iam::{session[2]}:role/") and role.endswith(f"/{session[3]}")
    return who in {"*", role}
