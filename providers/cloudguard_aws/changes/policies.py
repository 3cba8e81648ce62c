"""Role policies and trust policies as calls: whole documents, and what replaces is there before what goes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final, TypeAlias, cast

from cloudguard.model.identity import Effect, Identity, PolicyDocument, PolicyKind
from cloudguard.results.api_call import ApiCall, PlannedCall
from cloudguard.results.change import Change, DocumentEdit, StatementFate
from cloudguard_aws.changes.edits import UnsaidError, known
from cloudguard_aws.changes.snapshot_index import SnapshotIndex

IAM: Final = "iam"
MOST_INLINE: Final = 10_240
"""Characters of all of a role's inline policies together; white space is not counted.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""
MOST_ATTACHED: Final = 10
"""Managed policies that a role may have, unless the account's quota was raised (the same page)."""
INLINE: Final = "inline"
VERSION: Final = "2012-10-17"
NAME: Final = "cloudguard-least-privilege"
_GOES: Final = frozenset({StatementFate.NARROW, StatementFate.DROP})
Pair: TypeAlias = tuple[ApiCall, tuple[ApiCall, ...]]


def calls(index: SnapshotIndex, change: Change, place: int, edit: DocumentEdit) -> Iterator[PlannedCall]:
    """Yield the calls that put documents in place of a role's granting policies; none for what is not proved.

    What a policy denies stays, in a policy of its own. A managed policy is detached, never edited: others may have it.
    """
    role = known(index.identities.get(change.resource.id), f"the role {change.resource.id}")
    if edit.unproved or not role.complete or ":role/" not in role.id:
        message = f"the replacement of {role.name}'s policies is not proved"
        raise UnsaidError(message)
    granting = [policy for name in role.policies if (policy := index.policies[name]).kind is PolicyKind.GRANT]
    going = [policy for policy in granting if _goes(policy, edit)]
    documents = [*edit.documents, *_denials(going)]
    fits = sum(map(_length, (*documents, *(one.document for one in granting if one.managed_by == INLINE))))
    puts = _inline(role, documents) if fits <= MOST_INLINE else _managed(role, documents, granting)
    for call, inverse in chain(puts, (_removed(role, policy) for policy in going)):
        yield PlannedCall(place, call, inverse)


def _goes(policy: PolicyDocument, edit: DocumentEdit) -> bool:
    """Whether a policy grants what is not needed: one all of whose grants are needed stays as it is."""
    fates = {each.fate for each in edit.changes if each.policy == policy.name and each.statement in policy.statements}
    return not fates.isdisjoint(_GOES)


def _denials(policies: Sequence[PolicyDocument]) -> list[str]:
    """Return what policies deny, as they have it, in one document; none if they deny nothing."""
    with_denials = (one for one in policies if any(each.effect is Effect.DENY for each in one.statements))
    statements = [one for policy in with_denials for one in _statements(policy) if one.get("Effect") == "Deny"]
    kept = [{key: value for key, value in one.items() if key != "Sid"} for one in statements]
    return [json.dumps({"Version": VERSION, "Statement": kept}, indent=2)] if kept else []


def _statements(policy: PolicyDocument) -> list[dict[str, Any]]:
    document = json.loads(policy.document)
    if document.get("Version") != VERSION:
        message = f"the policy {policy.name} is of an older version, in which variables are text"
        raise UnsaidError(message)
    listed = document["Statement"]
    return [cast("dict[str, Any]", listed)] if isinstance(listed, dict) else cast("list[dict[str, Any]]", listed)


def _length(document: str) -> int:
    return len("".join(document.split()))


def _inline(role: Identity, documents: Sequence[str]) -> Iterator[Pair]:
    for number, document in enumerate(documents, 1):
        about = {"RoleName": role.name, "PolicyName": f"{NAME}-{number}"}
        put = ApiCall(IAM, "PutRolePolicy", about | {"PolicyDocument": document})
        yield put, (ApiCall(IAM, "DeleteRolePolicy", about),)


def _managed(role: Identity, documents: Sequence[str], granting: Sequence[PolicyDocument]) -> Iterator[Pair]:
    """Yield what makes and attaches managed policies, where inline ones would be too long together."""
    if sum(one.managed_by != INLINE for one in granting) + len(documents) > MOST_ATTACHED:
        message = f"{role.name} can't have so many managed policies"
        raise UnsaidError(message)
    prefix = role.id.partition(":role/")[0]
    for number, document in enumerate(documents, 1):
        name = f"{NAME}-{role.name}-{number}"[-128:]
        policy = {"PolicyArn": f"{prefix}:policy/{name}"}
        make = ApiCall(IAM, "CreatePolicy", {"PolicyName": name, "PolicyDocument": document})
        yield make, (ApiCall(IAM, "DeletePolicy", policy),)
        about = {"RoleName": role.name} | policy
        yield ApiCall(IAM, "AttachRolePolicy", about), (ApiCall(IAM, "DetachRolePolicy", about),)


def _removed(role: Identity, policy: PolicyDocument) -> Pair:
    if policy.managed_by == INLINE:
        about = {"RoleName": role.name, "PolicyName": policy.name}
        back = ApiCall(IAM, "PutRolePolicy", about | {"PolicyDocument": policy.document})
        return ApiCall(IAM, "DeleteRolePolicy", about), (back,)
    about = {"RoleName": role.name, "PolicyArn": policy.id}
    return ApiCall(IAM, "DetachRolePolicy", about), (ApiCall(IAM, "AttachRolePolicy", about),)
