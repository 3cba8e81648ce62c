"""Calls that delete an identity's federated credentials, by which outsiders become it.

https://learn.microsoft.com/rest/api/managedidentity/federated-identity-credentials
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from cloudguard.model.identity import PolicyKind
from cloudguard.provider.calls.cloud_forms import Pair
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.change import Change
from cloudguard.results.document_edit import DocumentEdit, StatementFate
from cloudguard_azure.changes.calls import delete, put


def trust_calls(index: SnapshotIndex, change: Change, edit: DocumentEdit) -> Iterator[Pair]:
    """Yield a call for each credential that goes, with the one that makes it again."""
    trusts = _trusts(index, change.resource.id)
    policy = next((policy for policy in index.policies.values() if policy.id in trusts), None)
    if policy is None:
        return
    written: dict[str, dict[str, Any]] = {item.pop("name"): item for item in json.loads(policy.document)}
    gone = [change.statement.name for change in edit.changes if change.fate is StatementFate.DROP]
    for name in gone:
        resource = f"{policy.source.resource}/federatedIdentityCredentials/{name}"
        yield delete(resource), (put(resource, {"properties": written[name]}),)


def _trusts(index: SnapshotIndex, identity: str) -> set[str]:
    """Return the ids of an identity's trust policies."""
    trusts = {policy.id for policy in index.policies.values() if policy.kind is PolicyKind.TRUST}
    policies = {*index.identities[identity].policies} if identity in index.identities else set[str]()
    accounts = index.snapshot.identities.service_accounts
    return trusts & (policies | {pod.trust for pod in accounts if pod.identity == identity})
