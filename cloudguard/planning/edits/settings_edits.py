"""Edits of hosts, disks, keys and identities, applied to the model."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final, Protocol, TypeVar

from cloudguard.model.cluster import Cluster, Disk, DiskSnapshot, MetadataService, Pool
from cloudguard.model.identity import Identities, Identity, PolicyDocument, PolicyKind, Statement
from cloudguard.model.keys import Key, KeyManager, KeyState
from cloudguard.model.snapshot import Snapshot
from cloudguard.model.source import Source
from cloudguard.results.change import AttributeEdit, Change, Procedure
from cloudguard.results.document_edit import DocumentEdit, StatementFate

TRUST: Final = "trust.narrow"
"""The kind of change whose documents are trust policies."""
OWN_KEY: Final = "planned: your own key"
"""The id on the model of a key that is still to be made."""
_COPIES = frozenset({"snapshot.remove", "image.remove", "disk.remove"})


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


ItemT = TypeVar("ItemT", bound=_HasId)


def with_edited(items: Iterable[ItemT], name: str, edit: Callable[[ItemT], ItemT]) -> tuple[ItemT, ...]:
    """Return ``items`` with ``edit`` applied to those with the id ``name``."""
    return tuple(edit(item) if item.id == name else item for item in items)


def with_setting(snapshot: Snapshot, change: Change, edit: AttributeEdit | Procedure | DocumentEdit) -> Snapshot:
    """Return ``snapshot`` with an edit of ``change`` applied. Unchanged if the model cannot show the edit."""
    if isinstance(edit, DocumentEdit):
        with_edit = _with_trust if change.kind == TRUST else _with_documents
        identities = with_edit(snapshot.identities, change.resource.id, edit)
        return replace(snapshot, identities=identities)
    make = _EDITS.get(change.kind)
    return snapshot if make is None else replace(snapshot, cluster=make(snapshot.cluster, change, edit))


def _with_trust(identities: Identities, name: str, edit: DocumentEdit) -> Identities:
    """Return the identities, with new statements in the trust policy of the identity ``name`` (an id)."""
    policy_ids = {each for identity in identities.identities if identity.id == name for each in identity.policies}
    policy_ids |= {pod.trust for pod in identities.service_accounts if pod.identity == name}
    policies = tuple(
        replace(policy, statements=edit.statements)
        if policy.id in policy_ids and policy.kind is PolicyKind.TRUST
        else policy
        for policy in identities.policies
    )
    return replace(identities, policies=policies)


def _with_documents(identities: Identities, name: str, edit: DocumentEdit) -> Identities:
    """Return the identities. One new policy of the identity ``name`` (an id) replaces its changed statements."""
    stays = [(each.policy, each.statement) for each in edit.changes if each.fate is StatementFate.STAYS]
    policies = {policy.id: policy for policy in identities.policies}
    changed = list[Identity]()
    for identity in identities.identities:
        if identity.id == name:
            kept = [_remainder(name, policies[each], stays) for each in identity.policies if each in policies]
            new = _replacement(name, edit.statements, identity.source)
            policies |= {policy.id: policy for policy in (*kept, new)}
            unread = tuple(each for each in identity.policies if each not in policies)
            names = (*(policy.id for policy in kept if policy.statements), new.id, *unread)
            changed.append(replace(identity, policies=names))
        else:
            changed.append(identity)
    return replace(identities, identities=tuple(changed), policies=tuple(policies.values()))


def _remainder(identity: str, policy: PolicyDocument, stays: list[tuple[str, Statement]]) -> PolicyDocument:
    """Return the statements of a policy that stay. A changed copy gets an id with the id of its identity."""
    if policy.kind is not PolicyKind.GRANT:
        return policy
    kept = tuple(each for each in policy.statements if (policy.name, each) in stays)
    return policy if kept == policy.statements else replace(policy, id=f"{policy.id}#{identity}", statements=kept)


def _replacement(identity: str, statements: tuple[Statement, ...], source: Source) -> PolicyDocument:
    name = f"planned:{identity}"
    return PolicyDocument(name, "planned", PolicyKind.GRANT, "inline", "", statements, source)


def _restrict_metadata(cluster: Cluster, change: Change, edit: AttributeEdit | Procedure) -> Cluster:
    set_on = {resource.id for resource in edit.of} if isinstance(edit, AttributeEdit) else set[str]()

    def shut(service: MetadataService | None) -> MetadataService | None:
        return None if service is None else replace(service, tokens_required=True, hop_limit=1)

    del change
    hosts = tuple(replace(host, metadata=shut(host.metadata)) if host.id in set_on else host for host in cluster.hosts)
    pools = tuple(replace(pool, metadata=shut(pool.metadata)) if pool.id in set_on else pool for pool in cluster.pools)
    return replace(cluster, hosts=hosts, pools=pools)


def _encrypt_pool(cluster: Cluster, change: Change, edit: AttributeEdit | Procedure) -> Cluster:
    devices = edit.parts if isinstance(edit, AttributeEdit) else ()

    def pool(known: Pool) -> Pool:
        disks = (replace(disk, encrypted=True) if disk.device in devices else disk for disk in known.disks)
        return replace(known, disks=tuple(disks))

    return replace(cluster, pools=with_edited(cluster.pools, change.resource.id, pool))


def _encrypt_disk(cluster: Cluster, change: Change, edit: AttributeEdit | Procedure) -> Cluster:
    """Return the cluster with the disk encrypted.

    A disk that is already encrypted has the provider's key. It gets the user's own key, a new one if there is none.
    """
    del edit
    new_key = cluster.own_key or OWN_KEY
    rekeyed = any(disk.encrypted for disk in cluster.disks if disk.id == change.resource.id)

    def disk(known: Disk) -> Disk:
        return replace(known, encrypted=True, key=new_key if rekeyed else known.key)

    changed = replace(cluster, disks=with_edited(cluster.disks, change.resource.id, disk))
    return _with_own_key(changed) if rekeyed and new_key == OWN_KEY else changed


def _encrypt_secrets(cluster: Cluster, change: Change, edit: AttributeEdit | Procedure) -> Cluster:
    """Return the cluster whose Secrets are encrypted with a new key of the user's own."""
    del change, edit
    secrets = cluster.secrets_encryption
    if secrets is None:
        return cluster
    return _with_own_key(replace(cluster, secrets_encryption=replace(secrets, key=OWN_KEY)))


def _with_own_key(cluster: Cluster) -> Cluster:
    if OWN_KEY in {key.id for key in cluster.keys}:
        return cluster
    own_key = Key(OWN_KEY, KeyManager.CUSTOMER, KeyState.ENABLED, Source("planned"), rotates=True)
    return replace(cluster, keys=(*cluster.keys, own_key))


def _remove_copy(cluster: Cluster, change: Change, edit: AttributeEdit | Procedure) -> Cluster:
    del edit

    def without(copies: tuple[DiskSnapshot, ...]) -> tuple[DiskSnapshot, ...]:
        return tuple(copy for copy in copies if copy.id != change.resource.id)

    disks = tuple(replace(disk, snapshots=without(disk.snapshots)) for disk in cluster.disks)
    return replace(cluster, disks=disks, copies=without(cluster.copies))


def _set_key(cluster: Cluster, change: Change, edit: AttributeEdit | Procedure) -> Cluster:
    del edit

    def key(known: Key) -> Key:
        return replace(known, state=KeyState.ENABLED) if change.kind == "key.enable" else replace(known, rotates=True)

    return replace(cluster, keys=with_edited(cluster.keys, change.resource.id, key))


_EDITS: dict[str, Callable[[Cluster, Change, AttributeEdit | Procedure], Cluster]] = {
    "metadata.restrict": _restrict_metadata,
    "pool.encrypt": _encrypt_pool,
    "disk.encrypt": _encrypt_disk,
    "secrets.encrypt": _encrypt_secrets,
    **dict.fromkeys(_COPIES, _remove_copy),
    "key.enable": _set_key,
    "key.rotate": _set_key,
}
