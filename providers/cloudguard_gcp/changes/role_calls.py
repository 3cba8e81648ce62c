"""Calls that replace the roles bound to an identity by custom roles.

https://cloud.google.com/iam/docs/reference/rest/v1/projects.roles,
https://cloud.google.com/iam/docs/granting-changing-revoking-access
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final

from cloudguard.model.identity import Identity, PolicyDocument
from cloudguard.provider.calls.cloud_forms import Pair, replaced_policies
from cloudguard.provider.calls.snapshot_index import SnapshotIndex
from cloudguard.results.api_call import ApiCall
from cloudguard.results.change import Change
from cloudguard.results.document_edit import DocumentEdit

IAM: Final = "iam.googleapis.com"
RESOURCES: Final = "cloudresourcemanager.googleapis.com"
Binding = Mapping[str, Any]


def role_calls(index: SnapshotIndex, change: Change, edit: DocumentEdit) -> Iterator[Pair]:
    """Yield the calls that create custom roles and bind them, then remove the bindings that they replace."""
    identity, project = index.identities.get(change.resource.id), f"projects/{index.snapshot.cluster.account}"
    if identity is None or "@" not in identity.name:
        return
    gone = replaced_policies(index, identity, edit)
    roles = [_role(json.loads(text), project) for text in edit.documents]
    fits = all(_is_of(project, binding) for _, bindings in roles for binding in bindings)
    if gone is None or not fits or not all(_can_go(policy, index.identities.values()) for policy in gone):
        return
    for role, bindings in roles:
        yield role, (_deleted(role),)
        name = f"{project}/roles/{role.parameters['body']['roleId']}"
        for binding in bindings:
            added = binding_of(name, f"serviceAccount:{identity.name}", str(binding.get("condition", "")))
            yield bound(project, add=added), (bound(project, remove=added),)
    for policy in gone:
        written: dict[str, Any] = json.loads(policy.document)
        own = [f"serviceAccount:{identity.name}"] if written["member"] else []
        for member in (*own, *written.get("everyone", ())):
            removed = binding_of(written["role"], member, written["condition"] or "")
            level = policy.source.resource
            yield bound(level, remove=removed), (bound(level, add=removed),)


def _can_go(policy: PolicyDocument, identities: Iterable[Identity]) -> bool:
    """Whether a policy is a binding of the project, a folder or the organization, and no other identity loses by it.

    It names the identity itself, or everyone. If it names everyone, no other identity of the cluster may have the role
    by this binding.
    """
    written: dict[str, Any] = json.loads(policy.document)
    above = policy.source.resource.startswith(("projects/", "folders/", "organizations/"))
    if not above or not written.get("everyone"):
        return above and bool(written.get("member"))
    same = {policy.id.partition("#everyone")[0], f"{policy.id}#everyone", policy.id}
    return sum(not same.isdisjoint(identity.policies) for identity in identities) == 1


def _is_of(project: str, binding: Mapping[str, str]) -> bool:
    """Whether a binding is for the whole project. A condition narrows it to resources by their names."""
    return binding["resource"] == f"gcp:{project.removeprefix('projects/')}:*:*:*:*"


def _role(document: dict[str, Any], project: str) -> tuple[ApiCall, list[dict[str, str]]]:
    role = {key: document[key] for key in ("title", "stage", "includedPermissions")}
    name = f"cloudguard_{sha256(json.dumps(role, sort_keys=True).encode()).hexdigest()[:12]}"
    body = {"roleId": name, "role": role}
    return ApiCall(IAM, "iam.projects.roles.create", {"parent": project, "body": body}), document["bindings"]


def _deleted(role: ApiCall) -> ApiCall:
    name = f"{role.parameters['parent']}/roles/{role.parameters['body']['roleId']}"
    return ApiCall(IAM, "iam.projects.roles.delete", {"name": name})


def binding_of(role: str, member: str, condition: str) -> Binding:
    """Return a binding of a role to a member. ``condition``: "" for none."""
    conditioned = {"condition": {"title": "cloudguard", "expression": condition}} if condition else {}
    return {"role": role, "member": member, **conditioned}


def bound(level: str, *, add: Binding | None = None, remove: Binding | None = None) -> ApiCall:
    """Return the call that adds a binding to a policy, or removes one."""
    kind = level.partition("/")[0]
    lists = {key: [member] for key, member in (("add", add), ("remove", remove)) if member}
    return ApiCall(RESOURCES, f"cloudresourcemanager.{kind}.setIamPolicy", {"resource": level, **lists})
