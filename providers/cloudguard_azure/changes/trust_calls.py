"""Calls that delete an identity's federated credentials, by which outsiders become it.

https://learn.microsoft.com/rest/api/managedidentity/federated-identity-credentials
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from cloudguard.model.identity import PolicyKind
from cloudguard.model.snapshot import Snapshot
from cloudguard.results.api_call import PlannedCall
from cloudguard.results.change import Change
from cloudguard.results.document_edit import DocumentEdit, StatementFate
from cloudguard_azure.changes.calls import delete, put

TRUST: Final = "trust.narrow"


def trust_calls(snapshot: Snapshot, change: Change) -> Iterator[PlannedCall]:
    """Yield a call for each credential that goes, with the one that makes it again."""
    trusts = _trusts(snapshot, change.resource.id)
    policy = next((policy for policy in snapshot.identities.policies if policy.id in trusts), None)
    for place, edit in enumerate(change.edits):
        if policy is None or not isinstance(edit, DocumentEdit):
            continue
        written: dict[str, dict[str, Any]] = {item.pop("name"): item for item in json.loads(policy.document)}
        gone = [change.statement.name for change in edit.changes if change.fate is StatementFate.DROP]
        for name in gone:
            resource = f"{policy.source.resource}/federatedIdentityCredentials/{name}"
            yield PlannedCall(place, delete(resource), (put(resource, {"properties": written[name]}),))


def _trusts(snapshot: Snapshot, identity: str) -> set[str]:
    """Return the ids of an identity's trust policies."""
    identities = snapshot.identities
    trusts = {policy.id for policy in identities.policies if policy.kind is PolicyKind.TRUST}
    policies = {name for holder in identities.identities if holder.id == identity for name in holder.policies}
    return trusts & (policies | {pod.trust for pod in identities.service_accounts if pod.identity == identity})
