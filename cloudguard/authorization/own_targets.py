"""The own resources of an identity that it could change: itself, and the policies attached to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from cloudguard.model.identity import Identity, PolicyDocument, PolicyKind
from cloudguard.permission_sets.resource_names import resource_format


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
