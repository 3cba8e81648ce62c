"""Role policies and trust policies as calls: whole documents. New policies come before old ones are removed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from cloudguard.model.identity import Effect, Identity, PolicyDocument, PolicyKind, Statement
from cloudguard.provider.calls.cloud_forms import REDUCED, TRUST, NoCallError, Pair, known
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import ApiCall
from cloudguard.results.change import Change
from cloudguard.results.document_edit import DocumentEdit
from cloudguard_aws.identity.policy_documents import statements

IAM: Final = "iam"
MOST_INLINE: Final = 10_240
"""The number of characters of all inline policies of a role together, without white space.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
MOST_ATTACHED: Final = 10
"""The number of managed policies that a role may have, unless the account's quota was raised (the same page)."""
INLINE: Final = "inline"
VERSION: Final = "2012-10-17"
_EXTERNAL_ID: Final = "sts:externalid"
NAME: Final = "cloudguard-least-privilege"


def calls(index: SnapshotIndex, change: Change, edit: DocumentEdit) -> Iterator[Pair]:
    """Yield the calls that replace a role's granting policies. Raises NoCallError if the replacement is not proved.

    Denials of a replaced policy move to their own policy. A managed policy is detached, never edited, because other
    identities may use it.
    """
    if change.kind == TRUST:
        yield _trust_call(index, change, edit)
        return
    role = known(index.identities.get(change.resource.id), f"the role {change.resource.id}")
    if edit.unproved or not role.complete or ":role/" not in role.id:
        message = f"the new policies of {role.name} are not proved"
        raise NoCallError(message)
    granting = [policy for name in role.policies if (policy := index.policies[name]).kind is PolicyKind.GRANT]
    going = [policy for policy in granting if _grants_excess(policy, edit)]
    documents = [*edit.documents, *_denials(going)]
    fits = sum(map(_length, (*documents, *(policy.document for policy in granting if policy.managed_by == INLINE))))
    yield from _inline(role, documents) if fits <= MOST_INLINE else _managed(role, documents, granting)
    yield from (_removed(role, policy) for policy in going)


def _grants_excess(policy: PolicyDocument, edit: DocumentEdit) -> bool:
    """Whether a policy grants more than is needed. A policy whose grants are all needed stays."""
    fates = {
        change.fate for change in edit.changes if change.policy == policy.name and change.statement in policy.statements
    }
    return not fates.isdisjoint(REDUCED)


def _denials(policies: Sequence[PolicyDocument]) -> list[str]:
    """Return the unchanged Deny statements of ``policies`` as one document. Empty if there are none."""
    with_denials = (
        policy for policy in policies if any(statement.effect is Effect.DENY for statement in policy.statements)
    )
    statements = [
        statement for policy in with_denials for statement in _statements(policy) if statement.get("Effect") == "Deny"
    ]
    kept = [{key: value for key, value in statement.items() if key != "Sid"} for statement in statements]
    return [json.dumps({"Version": VERSION, "Statement": kept}, indent=2)] if kept else []


def _statements(policy: PolicyDocument) -> list[dict[str, Any]]:
    document = json.loads(policy.document)
    if document.get("Version") != VERSION:
        message = f"the policy {policy.name} has an old version, which does not support variables"
        raise NoCallError(message)
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
    """Yield the calls that make and attach managed policies, for documents that are too long as inline policies."""
    if sum(policy.managed_by != INLINE for policy in granting) + len(documents) > MOST_ATTACHED:
        message = f"{role.name} would have more than {MOST_ATTACHED} managed policies"
        raise NoCallError(message)
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


def _trust_call(index: SnapshotIndex, change: Change, edit: DocumentEdit) -> Pair:
    """Return the call that sets a trust policy with the statements of ``edit``.

    Raises NoCallError if the new document would differ from them, or if it has external ids: external ids are secrets,
    which a snapshot does not contain.
    """
    policy = _trust_policy(index, change)
    role = change.resource.id.rpartition("/")[2]
    document = json.loads(policy.document)
    remaining = [statement for change in edit.changes for statement in change.remains]
    document["Statement"] = [
        _with_principals(item, dict.fromkeys(statement.principals))
        for item, statement in _remaining_statements(document, remaining)
    ]
    text = json.dumps(document, indent=2)
    put = [replace(statement, name="") for statement in statements(text, trust=True)]
    if _EXTERNAL_ID in text.lower() or put != [replace(statement, name="") for statement in edit.statements]:
        message = f"the trust policy of {role} has parts that the snapshot does not contain"
        raise NoCallError(message)
    before = () if _EXTERNAL_ID in policy.document.lower() else (_put_trust(role, policy.document),)
    return _put_trust(role, text), before


def _trust_policy(index: SnapshotIndex, change: Change) -> PolicyDocument:
    trust = index.policies.get(f"{change.resource.id}#trust")
    if trust is None or trust.kind is not PolicyKind.TRUST or ":role/" not in change.resource.id:
        message = f"the trust policy of {change.resource.id} is not in the snapshot"
        raise NoCallError(message)
    return trust


def _remaining_statements(
    document: dict[str, Any], statements: list[Statement]
) -> Iterator[tuple[dict[str, Any], Statement]]:
    """Yield each statement of a document that stays, with the part of it that remains."""
    listed = document["Statement"]
    items = cast("list[dict[str, Any]]", listed if isinstance(listed, list) else [listed])
    by_name = {statement.name: statement for statement in statements}
    if len(by_name) < len(statements):
        message = "several statements have the same name"
        raise NoCallError(message)
    for number, item in enumerate(items, 1):
        name = str(item.get("Sid") or f"#{number}")
        if name in by_name:
            yield item, by_name[name]


def _with_principals(item: dict[str, Any], principals: dict[str, None]) -> dict[str, Any]:
    """Return a statement with only the principals in ``principals``, which have the form "AWS:arn:…"."""
    principal = item.get("Principal")
    if not isinstance(principal, dict):
        return item
    named = {kind: _as_list(values) for kind, values in cast("dict[str, Any]", principal).items()}
    remaining = {kind: [value for value in values if f"{kind}:{value}" in principals] for kind, values in named.items()}
    if remaining == named:
        return item
    return {**item, "Principal": {kind: values for kind, values in remaining.items() if values}}


def _as_list(values: object) -> list[str]:
    return cast("list[str]", values) if isinstance(values, list) else [str(values)]


def _put_trust(role: str, document: str) -> ApiCall:
    return ApiCall(IAM, "UpdateAssumeRolePolicy", {"RoleName": role, "PolicyDocument": document})
