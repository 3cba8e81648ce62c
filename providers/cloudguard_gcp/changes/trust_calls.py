"""Calls that take outsiders out of the bindings on a service account, by which they may act as it.

https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts/setIamPolicy
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cloudguard.model.identity import PolicyDocument, PolicyKind
from cloudguard.provider.calls.cloud_forms import Pair
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import ApiCall
from cloudguard.results.change import Change
from cloudguard.results.document_edit import DocumentEdit
from cloudguard_gcp.changes.role_calls import IAM, binding_of
from cloudguard_gcp.identity.service_accounts import ABOVE

_SET: Final = "iam.projects.serviceAccounts.setIamPolicy"


def trust_calls(index: SnapshotIndex, change: Change, edit: DocumentEdit) -> Iterator[Pair]:
    """Yield a call for each outsider and binding.

    None where one is bound on the project or above it: other service accounts have that binding too.
    """
    policy = index.policies.get(f"{change.resource.name}#trust")
    if policy is not None and policy.kind is PolicyKind.TRUST:
        for binding in _removed_bindings(policy, edit):
            remove, add = (_bound(policy.source.resource, {verb: [binding]}) for verb in ("remove", "add"))
            yield remove, (add,)


def _removed_bindings(policy: PolicyDocument, edit: DocumentEdit) -> list[Mapping[str, Any]]:
    """Return what no longer binds whom, each with its condition; nothing if not all of it can be taken."""
    gone, stays = set[tuple[str, str]](), set[tuple[str, str]]()
    for change in edit.changes:
        remaining = {principal for statement in change.remains for principal in statement.principals}
        for principal in change.statement.principals:
            (stays if principal in remaining else gone).add((change.statement.name, principal))
    written: list[dict[str, Any]] = json.loads(policy.document)["bindings"]
    roles = {item["role"] for item in written if ABOVE not in item}
    if gone & stays or any(role not in roles for role, _ in gone):
        return []
    return [
        binding_of(item["role"], member, item["condition"] or "")
        for item in written
        for member in item["members"]
        if ABOVE not in item and (item["role"], member) in gone
    ]


def _bound(email: str, lists: Mapping[str, Any]) -> ApiCall:
    return ApiCall(IAM, _SET, {"resource": f"projects/-/serviceAccounts/{email}", **lists})
