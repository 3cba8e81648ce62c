"""Permission boundaries, and the own resources of an identity that it could change: itself and its policies.

A boundary that its identity may change or remove does not limit the identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from cloudguard.authorization.effective import EffectivePermissions
from cloudguard.authorization.ordinary import is_ordinary
from cloudguard.model.iam_catalog import IamCatalog
from cloudguard.model.identity import Identity, PolicyDocument, PolicyKind
from cloudguard.permission_sets.boxes import Box
from cloudguard.permission_sets.condition_operators import Assumption
from cloudguard.permission_sets.permissions import PermissionSet
from cloudguard.permission_sets.resource_names import resource_format


def without_boundary(
    evaluated: Callable[[Identity], EffectivePermissions],
    identity: Identity,
    policies: Mapping[str, PolicyDocument],
    iam_catalog: IamCatalog,
) -> EffectivePermissions:
    """Return the effective permissions of ``identity``, without its boundary if its permissions let it change that.

    ``evaluated`` returns the permissions of an identity with its boundary. If it rests on an assumption whether the
    identity can change the boundary, the permissions outside the boundary rest on the same assumption.
    """
    bounded = evaluated(identity)
    granting = tuple(name for name in identity.policies if not _is_boundary(policies.get(name)))
    if len(granting) == len(identity.policies):
        return bounded
    changing = _boundary_changes(bounded.permissions, identity, policies, iam_catalog)
    if not changing:
        return bounded
    free = evaluated(replace(identity, policies=granting))
    if (request := changing.lower.witness()) is not None:
        return replace(free, changes_boundary=request)
    assumption = Assumption(f"it is unknown whether {identity.name} may change its boundary")
    boxes = (Box(box.actions, box.scope.assuming(assumption)) for box in free.permissions.parts)
    return replace(bounded, permissions=bounded.permissions | PermissionSet(free.permissions.space, tuple(boxes)))


def _is_boundary(policy: PolicyDocument | None) -> bool:
    return policy is not None and policy.kind is PolicyKind.BOUNDARY


def _boundary_changes(
    permissions: PermissionSet, identity: Identity, policies: Mapping[str, PolicyDocument], iam_catalog: IamCatalog
) -> PermissionSet:
    """Return the ordinary requests by which ``identity`` can change its boundary."""
    space, boxes = permissions.space, list[Box]()
    for action in iam_catalog.boundary_actions:
        formats = iam_catalog.catalog.resource_formats(action)
        targets = own_targets(identity, policies, formats, PolicyKind.BOUNDARY)
        for box in permissions.only(space.table.bit(action) or 0).parts:
            ordinary = is_ordinary(box.scope, iam_catalog.ordinary_context)
            if ordinary and any(name in box.scope.names for name in targets):
                boxes.append(box)
    return PermissionSet(space, tuple(boxes))


def own_targets(
    identity: Identity,
    policies: Mapping[str, PolicyDocument],
    formats: Iterable[str] | None,
    kind: PolicyKind = PolicyKind.GRANT,
) -> tuple[str, ...]:
    """Return the ids of the identity and of its policies of ``kind``, if they have one of ``formats``.

    Policies that the provider writes are left out, because nobody else can change them.
    """
    known = [resource_format(text) for text in formats or ()]
    targets = (identity.id, *_changeable(identity, policies, kind))
    return tuple(name for name in targets if any(name in names for names in known))


def _changeable(identity: Identity, policies: Mapping[str, PolicyDocument], kind: PolicyKind) -> Iterator[str]:
    for name in identity.policies:
        policy = policies.get(name)
        if policy is not None and policy.kind is kind and policy.managed_by == "user":
            yield name.partition("#")[0]
